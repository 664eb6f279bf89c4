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
        new("--grep") { Description = "only lines with this text in them", HelpName = "TEXT" };

    public LogsVerb() : base("logs", Summary)
    {
        Add(target);
        Add(follow);
        Add(tail);
        Add(since);
        Add(grep);
        EndsByInterrupt = true;
        Examples =
        [
            "zurg logs web               # every instance's, each line with its instance",
            "zurg logs web.0 -f          # one instance's, as it is written",
            "zurg logs web --tail all",
            "zurg logs web --since 10m --grep ERROR",
        ];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var (service, instance) = Target.Parse(call.Value(target));
        var explained = await master.ExplainAsync(service, call.Stop);
        var known = explained.Status.Instances.Select(i => i.Instance).ToList();
        if (instance is { } one && !known.Contains(one))
        {
            throw new VerbFailedException(
                $"{service} has no instance {one.Index}",
                known.Count == 0 ? $"zurg explain {service} says why it has none" : $"it has {string.Join(", ", known)}");
        }

        var from = LogQuery.ParseSince(call.Value(since), call.Now);
        var usual = from is null && call.Value(grep) is null ? TailDefault : (int?)null;
        var query = new LogQuery(call.Value(tail) is { } text ? LinesOf(text) : usual, from, call.Value(grep));
        var shown = instance is null ? known : [instance.Value];
        var writer = new LogView(call.Screen, prefixed: instance is null && (shown.Count > 1 || call.Value(follow)), json);
        var tails = new SortedDictionary<InstanceId, LogTail>();
        foreach (var log in shown)
        {
            tails[log] = await LogReader.TailAsync(master, log, query, call.Value(follow), call.Stop);
        }

        writer.WriteMerged(tails.Select(t => (t.Key, t.Value)));
        if (call.Value(follow))
        {
            await LogFollower.RunAsync(master, service, instance, tails, query, writer, call.Stop);
            return ExitCode.Done;
        }

        return tails.Count > 0 && tails.Values.All(t => t.Problem is not null) ? ExitCode.Failed : ExitCode.Done;
    }

    /// <summary>Null is all.</summary>
    private static int? LinesOf(string text) =>
        text == "all" ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var lines) ? lines
        : throw new VerbFailedException($"--tail takes a number or 'all', not '{text}'", exitCode: ExitCode.BadUsage);
}
