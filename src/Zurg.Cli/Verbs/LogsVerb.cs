using System.CommandLine;
using System.Globalization;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class LogsVerb : ClientVerb
{
    public const string Summary = "what an instance, or all of a service, wrote to stdout and stderr";

    private const int TailDefault = 100;

    private readonly Argument<string> target = new("SERVICE[.INDEX]") { Description = "a service, or one of its instances" };
    private readonly Option<bool> follow = new("--follow", "-f") { Description = "stay and show what is written until Ctrl-C" };
    private readonly Option<string?> tail =
        new("--tail")
        {
            Description = $"the last so many lines of each instance, or 'all' ({TailDefault}; all with --since or --grep)",
            HelpName = "N|all",
        };

    private readonly Option<string?> since =
        new("--since") { Description = "only lines of the last 90s, 10m, 2h, 1d, or since a time", HelpName = "AGO|TIME" };

    private readonly Option<string?> grep =
        new("--grep") { Description = "only lines that this regular expression matches", HelpName = "REGEX" };

    private readonly Option<HostId?> host = new("--host")
    {
        Description = "only what this host keeps, also of an instance that has left it",
        HelpName = "HOST",
        CustomParser = result => HostId.TryParse(result.Tokens[0].Value, null, out var id) ? id : Refuse(result),
    };

    public LogsVerb() : base("logs", Summary)
    {
        Add(target);
        Add(follow);
        Add(tail);
        Add(since);
        Add(grep);
        Add(host);
        EndsByInterrupt = true;
        Examples =
        [
            "zurg logs web               # every instance's in the order of their times, each line with its instance",
            "zurg logs web.0 -f          # one instance's, as it is written",
            "zurg logs web --tail all",
            "zurg logs web --since 10m --grep 'ERROR|timeout'",
        ];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var (service, instance) = Target.Parse(call.Value(target));
        var from = LogQuery.ParseSince(call.Value(since), call.Now);
        var usual = from is null && call.Value(grep) is null ? TailDefault : (int?)null;
        var query = new LogQuery(
            call.Value(tail) is { } text ? LinesOf(text) : usual, from, LogQuery.ParseGrep(call.Value(grep)), call.Value(host));
        var whose = new LogTarget(service, instance, query.Host);
        var logs = (await InstancesAsync(master, whose, call.Stop)).ConvertAll(i => new LogReader(master, i, query));
        var view = new LogView(call.Screen, prefixed: instance is null && (logs.Count > 1 || call.Value(follow)), json);
        await view.WriteAsync(LogMerge.MergeAsync(logs.Select(l => l.KeptAsync(call.Value(follow), call.Stop)), call.Stop));
        foreach (var log in logs.Where(l => l.Problem is not null))
        {
            view.Note($"{log.Instance}: {log.Problem}");
        }

        if (logs.Count == 0)
        {
            view.Note($"{service} has no instance: zurg explain {service} says why");
        }

        if (call.Value(follow))
        {
            await new LogFollower(master, whose, query, view, call.Surroundings.Time).RunAsync(logs, call.Stop);
        }

        return logs.Count > 0 && logs.All(l => l.Problem is not null) ? ExitCode.Failed : ExitCode.Done;
    }

    private static async Task<List<InstanceId>> InstancesAsync(MasterClient master, LogTarget whose, CancellationToken stop)
    {
        var all = (await master.ExplainAsync(whose.Service, stop)).Status.Instances;
        var found = all.Where(whose.Has).Select(i => i.Instance).ToList();
        if (found.Count > 0)
        {
            return found;
        }

        if (whose is { Instance: { } left, Host: not null })
        {
            // It may have left the host, which keeps its log for as long as it may.
            return [left];
        }

        var has = all.IsEmpty
            ? $"zurg explain {whose.Service} says why it has none"
            : $"it has {string.Join(", ", all.Select(i => $"{i.Instance} on {i.Host}"))}";
        return whose switch
        {
            { Instance: { } one } => throw new VerbFailedException($"{whose.Service} has no instance {one.Index}", has),
            { Host: { } host } => throw new VerbFailedException($"{whose.Service} has no instance on {host}", has),
            _ => found,
        };
    }

    private static HostId? Refuse(System.CommandLine.Parsing.ArgumentResult result)
    {
        result.AddError(HostId.ProblemOf(result.Tokens[0].Value) ?? "a host is needed");
        return null;
    }

    /// <summary>Null is all.</summary>
    private static int? LinesOf(string text) =>
        text == "all" ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var lines) ? lines
        : throw new VerbFailedException($"--tail takes a number or 'all', not '{text}'", exitCode: ExitCode.BadUsage);
}
