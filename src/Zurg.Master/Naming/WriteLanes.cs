namespace Zurg.Master.Naming;

/// <summary>Something that has a turn at writing and must not wait in it.</summary>
internal interface ILaneWork
{
    void Write();
}

/// <summary>
/// Turns at writing for many streams, a lane for each processor: a change that concerns ten thousand of them is a few pieces of
/// work for the thread pool, each of which writes to one after the other, and not ten thousand readers that wake up.
/// </summary>
internal sealed class WriteLanes
{
    private readonly Lane[] _lanes = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Lane())];
    private uint _last;

    /// <summary>The lane of one stream, which keeps it: so it has one turn at a time.</summary>
    public Lane Next() => _lanes[Interlocked.Increment(ref _last) % (uint)_lanes.Length];

    /// <summary>Runs while there is somebody whose turn it is.</summary>
    internal sealed class Lane : IThreadPoolWorkItem
    {
        private readonly Lock _lock = new();
        private List<ILaneWork> _due = [];
        private List<ILaneWork> _now = [];
        private bool _runs;

        /// <summary>Bounded by the number of streams: each asks again only after its turn.</summary>
        public void Add(ILaneWork work)
        {
            lock (_lock)
            {
                _due.Add(work);
                if (_runs)
                {
                    return;
                }

                _runs = true;
            }

            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        public void Execute()
        {
            while (TryTake())
            {
                foreach (var work in _now)
                {
                    work.Write();
                }

                _now.Clear();
            }
        }

        private bool TryTake()
        {
            lock (_lock)
            {
                (_due, _now) = (_now, _due);
                _runs = _now.Count > 0;
                return _runs;
            }
        }
    }
}
