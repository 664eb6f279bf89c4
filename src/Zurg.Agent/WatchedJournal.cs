using Zurg.Agent.Journal;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent;

/// <summary>The journal, and this run's epoch as soon as the loop has read it: the session's hello carries it.</summary>
internal sealed class WatchedJournal(SqliteJournal journal) : IAgentJournal, IDisposable
{
    private readonly TaskCompletionSource<Epoch> _epoch = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Epoch> Epoch => _epoch.Task;

    public async ValueTask<AgentJournalContent> LoadAsync(CancellationToken stop)
    {
        var content = await journal.LoadAsync(stop);
        _epoch.TrySetResult(content.Epoch);
        return content;
    }

    public ValueTask WriteAsync(AgentCommit commit, CancellationToken stop) => journal.WriteAsync(commit, stop);

    public void Dispose() => journal.Dispose();
}
