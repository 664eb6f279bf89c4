using Zurg.Core;

namespace Zurg.Tests.Core.Relaying;

public sealed class RelayCareTests
{
    private static readonly RelayTalk Idle = new(
        Listed: false, Said: true, ServerLast: true, Between: false, TurnsKnown: false, RelayCare.IdleAfter);

    public static TheoryData<string, RelayStep, RelayTalk> Talks() => new()
    {
        { "nothing happens to a connection whose endpoint is listed", RelayStep.Keep, Idle with { Listed = true } },
        { "silence after the service's word is idle", RelayStep.Close, Idle },
        { "not yet", RelayStep.Keep, Idle with { Silent = RelayCare.IdleAfter - TimeSpan.FromTicks(1) } },
        { "it owes an answer", RelayStep.Keep, Idle with { ServerLast = false, Silent = TimeSpan.FromDays(1) } },
        { "HTTP knows better than silence", RelayStep.Keep, Idle with { TurnsKnown = true } },
        { "between two requests", RelayStep.Detach, Idle with { TurnsKnown = true, Between = true, Silent = TimeSpan.Zero } },
        { "nothing was said", RelayStep.Move, Idle with { Said = false, ServerLast = false } },
    };

    [Theory]
    [MemberData(nameof(Talks))]
    public void Nothing_is_cut_while_anything_is_under_way(string why, RelayStep expected, RelayTalk talk) =>
        Assert.True(expected == RelayCare.Next(talk), why);
}
