using System.CommandLine;
using System.Globalization;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

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
    private readonly Option<string?> since = new("--since") { Description = "of the last 90s, 10m, 2h, 30d", HelpName = "TIME" };

    public HistoryVerb() : base("history", Summary)
    {
        Add(subject);
        Add(since);
        Add(limit);
        Add(config);
        Add(diff);
        Examples =
        [
            "zurg history web               # each start with its end, then all that happened",
            "zurg history host1 --since 2d",
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

        var ago = call.Value(since) is { } typed
            ? EventSince.Ago(typed) ?? throw new VerbFailedException(
                $"'{typed}' is no time such as 90s, 10m, 2h, 30d", exitCode: ExitCode.BadUsage)
            : default(TimeSpan?);
        var from = call.Now - ago;
        var filters = name.Contains('.', StringComparison.Ordinal)
            ? (string[])[$"instance={Target.Parse(name).Instance}"]
            : [$"service={Target.Parse(name).Service}", $"host={name}"];
        foreach (var filter in filters)
        {
            var query = string.Create(
                CultureInfo.InvariantCulture, $"{filter}&limit={call.Value(limit)}{EventSince.From(from)}");
            var history = await master.HistoryAsync(query, call.Stop);
            if (!history.Events.IsEmpty)
            {
                Show(call, json, history);
                return ExitCode.Done;
            }
        }

        var status = await master.StatusAsync(call.Stop);
        var known = status.Services.Select(s => s.Service.Value).Concat(status.Hosts.Select(h => h.Host.Value)).ToList();
        if (known.Contains(name, StringComparer.Ordinal))
        {
            Show(call, json, new History());
            return ExitCode.Done;
        }

        throw new VerbFailedException(
            $"nothing is known of '{name}'",
            Similar.To(name, known) is { } like ? $"did you mean '{like}'?" : "zurg status lists the services and hosts");
    }

    private static void Show(VerbCall call, bool json, History history)
    {
        if (json)
        {
            call.Screen.Json(history);
        }
        else if (history.Events.IsEmpty)
        {
            call.Screen.Line("nothing has happened in that time, or it is not kept any more");
        }
        else
        {
            call.Screen.Show(HistoryView.Of(history, call.Now));
        }
    }
}
