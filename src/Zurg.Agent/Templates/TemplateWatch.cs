using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>Who hears what became of the generated files of one instance.</summary>
/// <param name="Changed">The text of a template's file changed.</param>
/// <param name="Restored">A file had been changed by hand and has its text again.</param>
/// <param name="Held">They cannot be made now; null: they can again.</param>
/// <param name="InUse">The process goes by files made from this: it was told, or it starts only now.</param>
/// <param name="HasStarted">It may have read its files before they were written now.</param>
internal sealed record TemplateEars(
    Func<TemplateSpec, ValueTask> Changed,
    Func<RestoredFile, ValueTask> Restored,
    Func<Hold?, ValueTask> Held,
    Action<TemplateData> InUse,
    Func<bool> HasStarted);

/// <summary>Keeps the generated files of one running instance in step with what they name, and as they were made.</summary>
/// <param name="owed">Signals of an earlier agent that may not have taken effect.</param>
internal sealed class TemplateWatch(
    InstanceTemplates templates, ILocalNaming naming, TimeProvider time, ImmutableArray<string> owed)
{
    /// <summary>
    /// A program that writes into its own generated file does so again and again: each time the wait until the file is put back
    /// doubles, from this up to <see cref="RestoreAfterMax"/>.
    /// </summary>
    public static readonly TimeSpan RestoreAfterMin = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan RestoreAfterMax = TimeSpan.FromMinutes(5);

    /// <summary>What failed for want of space, or for a link on the way, is tried again after this.</summary>
    public static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(10);

    private readonly Channel<bool> _due =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // What is being written is not read yet, whatever took effect meanwhile.
    private readonly Lock _writing = new();
    private ImmutableArray<FileMark> _left;
    private long _notBefore;
    private int _restores;
    private int _failed;
    private readonly UnreadFiles _unread = new(owed);
    private TemplateEars? _ears;

    /// <inheritdoc cref="UnreadFiles.Sending"/>
    public long Sending() => _unread.Sending();

    /// <summary>The process goes by what was written when the signal was sent.</summary>
    /// <param name="upTo">What <see cref="Sending"/> said.</param>
    public void TookEffect(string signal, long upTo)
    {
        lock (_writing)
        {
            Settle(_unread.TookEffect(signal, upTo));
        }
    }

    /// <summary>Something that templates can name may have changed.</summary>
    public void Touch() => _due.Writer.TryWrite(true);

    /// <summary>Called every second or two: touches itself when a file is not as it was left, or could not be written.</summary>
    public void Sweep()
    {
        if (time.GetTimestamp() < Interlocked.Read(ref _notBefore))
        {
            return;
        }

        var left = _left;
        if (Volatile.Read(ref _failed) == 1 || (!left.IsDefault && !left.SequenceEqual(templates.Marks())))
        {
            Touch();
        }
    }

    /// <param name="read">
    /// The data as it is now; null while a service is not heard of: its endpoints are not known to be none.
    /// </param>
    public async Task RunAsync(
        ImmutableArray<ServiceName> services, Func<TemplateData?> read, TemplateEars ears, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watches = services.Select(s => WatchAsync(s, ending.Token)).ToList();
        var isHeld = false;
        Volatile.Write(ref _ears, ears);
        try
        {
            Touch();
            while (await _due.Reader.ReadAsync(stop))
            {
                if (read() is { } data)
                {
                    isHeld = await TellAsync(Write(data, ears), isHeld, ears);
                }
            }
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(watches).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private TemplatesOutcome Write(TemplateData data, TemplateEars ears)
    {
        lock (_writing)
        {
            var outcome = templates.Write(data);
            if (outcome is TemplatesOutcome.Written written)
            {
                // Before anybody is told: the signal may be sent at once.
                Settle(_unread.Wrote(data, ears.HasStarted() ? Unread(written) : []));
            }

            return outcome;
        }
    }

    /// <summary>An edit that was undone may have been read, too, by a process that reads again whenever it is told.</summary>
    private static ImmutableArray<TemplateSpec> Unread(TemplatesOutcome.Written written) =>
        [.. written.Changed, .. written.Restored.Select(r => r.Template).Where(t => t.Then == TemplateThen.Reload)];

    private void Settle(TemplateData? inUse)
    {
        if (inUse is not null)
        {
            Volatile.Read(ref _ears)?.InUse(inUse);
        }

        if (_unread.IsEmpty)
        {
            templates.AreRead();
        }
    }

    private async Task<bool> TellAsync(TemplatesOutcome outcome, bool isHeld, TemplateEars ears)
    {
        switch (outcome)
        {
            case TemplatesOutcome.Held problem:
                WaitFor(TryAgainAfter);
                Volatile.Write(ref _failed, problem.Again ? 1 : 0);
                await ears.Held(problem.Hold);
                return true;
            case TemplatesOutcome.Written written:
                Volatile.Write(ref _failed, 0);
                _left = templates.Marks();
                Space(written);
                if (isHeld)
                {
                    await ears.Held(null);
                }

                foreach (var restored in written.Restored)
                {
                    await ears.Restored(restored);
                }

                foreach (var template in written.Changed)
                {
                    await ears.Changed(template);
                }

                return false;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>An hour without an edit forgives those before it.</summary>
    private void Space(TemplatesOutcome.Written written)
    {
        if (!written.Restored.IsEmpty)
        {
            var quiet = time.GetElapsedTime(Interlocked.Read(ref _notBefore)) > TimeSpan.FromHours(1);
            _restores = quiet ? 1 : _restores + 1;
            var after = RestoreAfterMin * Math.Pow(2, Math.Min(_restores - 1, 10));
            WaitFor(after < RestoreAfterMax ? after : RestoreAfterMax);
        }
    }

    private void WaitFor(TimeSpan wait) => Interlocked.Exchange(
        ref _notBefore, time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency));

    private async Task WatchAsync(ServiceName service, CancellationToken stop)
    {
        await foreach (var _ in naming.WatchAsync(service, stop))
        {
            Touch();
        }
    }
}
