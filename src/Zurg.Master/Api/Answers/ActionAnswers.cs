using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>202: it is written down, and what follows from it is the decider's.</summary>
internal static class ActionAnswers
{
    public static Accepted<ActionAccepted> Accepted(string text) =>
        TypedResults.Accepted((string?)null, new ActionAccepted(text));

    /// <summary>To words that may be said again: asked twice is asked once, so that a script need not look first.</summary>
    /// <param name="written">What happens now.</param>
    public static Results<Accepted<ActionAccepted>, Problem404> ToRepeatable(
        ServiceName service, IntentOutcome outcome, string written) => outcome switch
        {
            IntentOutcome.UnknownService(var known) => Unknown.Service(service, known),
            IntentOutcome.NothingToDo(var text, _) => Accepted(text),
            IntentOutcome.Written => Accepted(written),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
}
