using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;

namespace Zurg.Cli.Verbs;

internal sealed class HistoryVerb : ClientVerb
{
    public const string Summary = "what happened to a service, an instance or a host";

    private const int LimitDefault = 100;

    private readonly Argument<string> subject = new("SERVICE|INSTANCE|HOST") { Description = "web, web.0 or host1" };
    private readonly Option<int> limit = new("--limit")
    {
        Description = $"at most so many, the newest ({LimitDefault})",
        HelpName = "N",
        DefaultValueFactory = _ => LimitDefault,
    };

    private readonly Option<bool> config = new("--config") { Description = "the texts that its generated files had, and why" };
    private readonly Option<string?> diff = new("--diff")
    {
        Description = "with --config: what differs between two of them; the newest and the one before when nothing is said",
        HelpName = "FROM..TO",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public HistoryVerb() : base("history", Summary)
    {
        Add(subject);
        Add(limit);
        Add(config);
        Add(diff);
        Examples =
        [
            "zurg history web      # starts, exits, holds",
            "zurg history host1",
            "zurg history --config web                 # the versions of its generated files",
            "zurg history --config web.0 --diff 5..7",
        ];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var name = call.Value(subject);
        var compares = call.Parsed.GetResult(diff) is not null;
        if (call.Value(config) || compares)
        {
            return await ConfigHistory.RunAsync(
                master, call, name, compares ? call.Value(diff) ?? "" : null, call.Value(limit), json);
        }

        var filters = name.Contains('.', StringComparison.Ordinal)
            ? (string[])[$"instance={Target.Parse(name).Instance}"]
            : [$"service={Target.Parse(name).Service}", $"host={name}"];
        foreach (var filter in filters)
        {
            var events = await EventSince.NewestAsync(master, filter, null, null, call.Value(limit), call.Stop);
            if (!events.IsEmpty)
            {
                EventView.Show(events, call.Screen, json, json);
                return ExitCode.Done;
            }
        }

        var status = await master.StatusAsync(call.Stop);
        var known = status.Services.Select(s => s.Service.Value).Concat(status.Hosts.Select(h => h.Host.Value)).ToList();
        if (known.Contains(name, StringComparer.Ordinal))
        {
            EventView.Show([], call.Screen, json, json);
            return ExitCode.Done;
        }

        throw new VerbFailedException(
            $"nothing is known of '{name}'",
            Similar.To(name, known) is { } like ? $"did you mean '{like}'?" : "zurg status lists the services and hosts");
    }
}
