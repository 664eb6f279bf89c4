using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Store;

/// <summary>What the writer is asked for.</summary>
internal abstract class StoreRequest(CancellationToken stop)
{
    /// <summary>Its asker has gone: a request not begun is not begun.</summary>
    public bool IsAbandoned => stop.IsCancellationRequested;

    public abstract void Fail(Exception fault);
}

internal sealed class CommitRequest(StoreCommit commit, CancellationToken stop) : StoreRequest(stop)
{
    private readonly TaskCompletionSource<CommitOutcome> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StoreCommit Commit => commit;

    public Task<CommitOutcome> Outcome => _done.Task;

    public void Complete(CommitOutcome outcome) => _done.TrySetResult(outcome);

    public override void Fail(Exception fault) => _done.TrySetException(fault);
}

internal sealed class CompactRequest(Revision upTo, CancellationToken stop) : StoreRequest(stop)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Revision UpTo => upTo;

    public Task Done => _done.Task;

    public void Complete() => _done.TrySetResult();

    public override void Fail(Exception fault) => _done.TrySetException(fault);
}
