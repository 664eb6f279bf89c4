using System.CommandLine;
using System.Globalization;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;

namespace Zurg.Cli.Verbs;

internal sealed class LogsVerb : ClientVerb
{
    public const string Summary = "what an instance, or all of a service, wrote to stdout and stderr";

    private const int TailDefault = 100;

    private readonly Argument<string> target = new("SERVICE[.INDEX]") { Description = "a service, or one of its instances" };
    private readonly Option<bool> follow = new("--follow", "-f") { Description = "stay and show what is written until Ctrl-C" };
    private readonly Option<string?> tail =
        new("--tail") { Description = $"the last so many lines, or 'all' ({TailDefault})", HelpName = "N|all" };

    public LogsVerb() : base("logs", Summary)
    {
        Add(target);
        Add(follow);
        Add(tail);
        EndsByInterrupt = true;
        Examples =
        [
            "zurg logs web               # every instance's, each line with its instance",
            "zurg logs web.0 -f          # one instance's, as it is written",
            "zurg logs web --tail all",
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

        var lines = LinesOf(call.Value(tail));
        var shown = instance is null ? known : [instance.Value];
        var writer = new LogView(call.Screen, prefixed: instance is null && (shown.Count > 1 || call.Value(follow)), json);
        if (call.Value(follow))
        {
            await LogFollower.RunAsync(master, service, instance, lines, writer, call.Stop);
            return ExitCode.Done;
        }

        var problems = 0;
        foreach (var log in shown)
        {
            var read = await LogReader.TailAsync(master, log, lines, call.Stop);
            problems += read.Problem is null ? 0 : 1;
            writer.Write(log, read);
        }

        return problems > 0 && problems == shown.Count ? ExitCode.Failed : ExitCode.Done;
    }

    /// <summary>Null is all.</summary>
    private static int? LinesOf(string? text) =>
        text is null ? TailDefault
        : text == "all" ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var lines) ? lines
        : throw new VerbFailedException($"--tail takes a number or 'all', not '{text}'", exitCode: ExitCode.BadUsage);
}
