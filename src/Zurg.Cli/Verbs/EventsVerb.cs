using System.CommandLine;
using System.Globalization;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;

namespace Zurg.Cli.Verbs;

internal sealed class EventsVerb : ClientVerb
{
    public const string Summary = "what happened, in order";

    private const int LimitDefault = 50;

    private readonly Option<bool> follow = new("--follow", "-f") { Description = "stay and show what happens until Ctrl-C" };
    private readonly Option<string?> since =
        new("--since") { Description = "events after this id, or of the last 90s, 10m, 2h, 1d", HelpName = "ID|TIME" };
    private readonly Option<int> limit = new("--limit")
    {
        Description = $"at most so many, the newest ({LimitDefault})",
        HelpName = "N",
        DefaultValueFactory = _ => LimitDefault,
    };

    public EventsVerb() : base("events", Summary)
    {
        Add(follow);
        Add(since);
        Add(limit);
        EndsByInterrupt = true;
        Examples =
        [
            "zurg events               # the newest fifty",
            "zurg events -f --json     # one a line, as they happen",
            "zurg events --since 10m",
        ];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var (id, from) = EventSince.Parse(call.Value(since), call.Now);
        var shown = await EventSince.NewestAsync(master, "", id, from, call.Value(limit), call.Stop);
        EventView.Show(shown, call.Screen, json && !call.Value(follow), json);
        if (!call.Value(follow))
        {
            return ExitCode.Done;
        }

        var last = shown.IsEmpty ? id ?? await EventSince.LastIdAsync(master, call.Stop) : shown.Max(e => e.Id);
        var query = string.Create(CultureInfo.InvariantCulture, $"since={last}");
        await foreach (var happened in master.FollowEventsAsync(query, call.Stop))
        {
            EventView.Show([happened], call.Screen, indented: false, json);
        }

        return ExitCode.Done;
    }
}
