using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Session;

/// <summary>
/// The one place where a master's words enter the agent. Nothing here waits: the brain's inputs and the naming cache take what
/// they
/// are given, and a log is read in the background.
/// </summary>
/// <param name="naming">Takes a pushed set without waiting.</param>
/// <param name="readLog">Answers a request for a piece of a log.</param>
internal sealed class SessionInbox(
    AgentInbox brain, Action<EndpointSet> naming, Func<LogRequest, CancellationToken, Task<LogChunk>> readLog)
{
    /// <summary>So many log requests are answered at once; more are refused in words.</summary>
    public const int LogsMax = 64;

    private int _logs;

    /// <param name="answer">Where an answer to the master goes.</param>
    /// <param name="stop">The session's end: nobody waits for its logs any more.</param>
    /// <returns>Done when what it began in the background is; it never fails.</returns>
    public Task Take(MasterMessage message, Action<LogChunk> answer, CancellationToken stop)
    {
        switch (message)
        {
            case { Assignment: { } assignment }:
                brain.Assign(assignment);
                break;
            case { EventsKept: { } number }:
                brain.KeptEvents(number);
                break;
            case { Endpoints: { } set }:
                naming(set);
                break;
            case { Log: { } request }:
                return AnswerAsync(request, answer, stop);
            default:
                // A second welcome says nothing new.
                break;
        }

        return Task.CompletedTask;
    }

    private async Task AnswerAsync(LogRequest request, Action<LogChunk> answer, CancellationToken stop)
    {
        try
        {
            answer(Interlocked.Increment(ref _logs) <= LogsMax
                ? await readLog(request, stop)
                : Refusal(request, $"{LogsMax} readers are at this host's logs already"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            answer(Refusal(request, e.Message));
        }
        catch (OperationCanceledException)
        {
            // The session has ended, and with it the wish.
        }
        finally
        {
            Interlocked.Decrement(ref _logs);
        }
    }

    private static LogChunk Refusal(LogRequest request, string problem) =>
        new(request.Nonce, request.Offset, request.Offset, "", problem);
}
