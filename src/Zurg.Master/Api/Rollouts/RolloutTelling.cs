using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;
using WordResults = Microsoft.AspNetCore.Http.HttpResults.Results<
    Microsoft.AspNetCore.Http.HttpResults.Accepted<Zurg.Protocol.ActionAccepted>, Zurg.Master.Api.Problem404,
    Zurg.Master.Api.Problem409>;

namespace Zurg.Master.Api;

/// <summary>What pause, resume, promote and abort do alike: a person's word is weighed and written down.</summary>
internal sealed class RolloutTelling(IntentChanging intents, IClusterView view)
{
    /// <param name="number">Of the rollout that the person saw; null: whichever is the newest.</param>
    public async Task<WordResults> SayAsync(
        RolloutWord word, ServiceName service, long? number, string? author, CancellationToken stop)
    {
        var by = ShownWords.Author(author);
        var text = "";
        var outcome = await intents.ChangeAsync(
            service,
            (intent, rollout) =>
            {
                switch (RolloutAsking.Say(word, intent, rollout, StagesOf(rollout), number, by))
                {
                    case RolloutAnswer.Said(var said, var happens):
                        text = happens;
                        return intent with { Rollout = said };
                    case RolloutAnswer.Refused(var why, var mend):
                        return new IntentOutcome.NothingToDo(why, mend);
                    default:
                        throw new System.Diagnostics.UnreachableException();
                }
            },
            at => new EventRecord { Id = 0, At = at, Kind = KindOf(word), Service = service, Text = $"{by}: {text}" },
            stop);
        return outcome switch
        {
            IntentOutcome.UnknownService(var known) => Unknown.Service(service, known),
            IntentOutcome.NothingToDo(var why, var mend) => new Problem409(why, mend),
            IntentOutcome.Written => ActionAnswers.Accepted(text),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private ImmutableArray<int> StagesOf(Rollout? rollout)
    {
        var (state, naming) = view.Current;
        var seen = rollout is null ? null : StatusView.Of(state, naming, rollout.StartedAt).Services
            .FirstOrDefault(s => s.Service == rollout.Service)?.Rollout;
        return seen?.Rollout.Number == rollout?.Number ? seen?.Stages ?? [] : [];
    }

    private static EventKind KindOf(RolloutWord word) => word switch
    {
        RolloutWord.Pause => EventKind.RolloutPaused,
        RolloutWord.Resume => EventKind.RolloutResumed,
        RolloutWord.Promote or RolloutWord.PromoteAll => EventKind.RolloutPromoted,
        RolloutWord.Abort => EventKind.RolloutRollingBack,
    };
}
