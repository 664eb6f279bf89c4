using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Session;

/// <summary>
/// The one place where a master's words enter the agent. Nothing here waits: the brain's inputs and the naming cache take what
/// they are given, and requests are answered in the background.
/// </summary>
/// <param name="naming">Takes a pushed set without waiting.</param>
/// <param name="answers">Answers requests in the background.</param>
/// <param name="exec">Begins a command without waiting.</param>
/// <param name="usesKept">Hears how far the master has kept what was said of uses.</param>
internal sealed class SessionInbox(
    AgentInbox brain, Action<EndpointSet> naming, SessionAnswers answers, Action<ExecRequest> exec, Action<long> usesKept)
{
    /// <summary>So many requests are answered at once; more are refused in words.</summary>
    public const int RequestsMax = 64;

    private int _requests;

    /// <param name="answer">Where an answer to the master goes.</param>
    /// <param name="stop">The session's end: nobody waits for its answers any more.</param>
    /// <returns>Done when what it began in the background is; it never fails.</returns>
    public Task Take(MasterMessage message, Action<AgentMessage> answer, CancellationToken stop)
    {
        switch (message)
        {
            case { Assignment: { } assignment }:
                brain.Assign(assignment);
                break;
            case { EventsKept: { } number }:
                brain.KeptEvents(number);
                break;
            case { UsesKept: { } number }:
                usesKept(number);
                break;
            case { Endpoints: { } set }:
                naming(set);
                break;
            case { Exec: { } command }:
                exec(command);
                break;
            case var request when SessionAnswers.Asks(request):
                return AnswerAsync(request, answer, stop);
            default:
                // A second welcome says nothing new.
                break;
        }

        return Task.CompletedTask;
    }

    private async Task AnswerAsync(MasterMessage request, Action<AgentMessage> answer, CancellationToken stop)
    {
        try
        {
            answer(Interlocked.Increment(ref _requests) <= RequestsMax
                ? await Task.Run(() => answers.AnswerAsync(request, stop), stop)
                : SessionAnswers.Refuse(request, $"{RequestsMax} requests are being answered by this host already"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            answer(SessionAnswers.Refuse(request, e.Message));
        }
        catch (OperationCanceledException)
        {
            // The session has ended, and with it the wish.
        }
        finally
        {
            Interlocked.Decrement(ref _requests);
        }
    }
}
