using System.CommandLine;
using System.Globalization;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>Refused by the master while anybody uses the service; then it is shown how it drains until nothing is left.</summary>
internal sealed class RetireVerb : ClientVerb
{
    public const string Summary = "drain and remove a service that nobody uses any more";

    private readonly Argument<ServiceName> service = Id<ServiceName>("SERVICE", "a service of the cluster");
    private readonly Option<string?> seenBefore = new("--seen-before")
    {
        Description = "clients last seen before this will not come back: a time such as 2026-01-31T18:00Z, or 12h ago",
        HelpName = "TIME",
    };
    private readonly Option<bool> undo = new("--undo") { Description = "take it back: the service runs again as its spec says" };
    private readonly Option<bool> noWait = new("--no-wait") { Description = "return as soon as it is written down" };
    private readonly Option<string?> timeout =
        new("--timeout") { Description = "how long to wait, such as 90s or 5m (5m)", HelpName = "TIME" };

    public RetireVerb() : base("retire", Summary)
    {
        Add(service);
        Add(seenBefore);
        Add(undo);
        Add(noWait);
        Add(timeout);
        Examples =
        [
            "zurg retire web                     # refused, with the evidence, while anybody uses it",
            "zurg retire web --seen-before 12h   # whoever was last seen longer ago will not come back",
            "zurg retire --undo web              # it runs again",
        ];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var (name, by) = (call.Value(service), call.Surroundings.Author);
        var patience = Patience.Of(call.Value(timeout));
        var before = TimeOf(call.Value(seenBefore), call.Now);
        var accepted = call.Value(undo)
            ? await master.ActAsync(name, "unretire", instance: null, by, call.Stop)
            : await master.RetireAsync(name, before, by, call.Stop);
        Show(accepted, call, json);
        if (!call.Value(undo) && !call.Value(noWait))
        {
            await WaitAsync(master, name, patience, quiet: json, call);
        }

        return ExitCode.Done;
    }

    /// <summary>A moment, or so long ago; without a zone it is the reader's.</summary>
    private static DateTimeOffset? TimeOf(string? text, DateTimeOffset now) =>
        text is null ? null
        : EventSince.Ago(text) is { } ago ? now - ago
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var at) ? at
        : throw new VerbFailedException(
            $"'{text}' is neither a time such as 2026-01-31T18:00Z nor one ago such as 12h", exitCode: ExitCode.BadUsage);

    private static async Task WaitAsync(MasterClient master, ServiceName name, TimeSpan patience, bool quiet, VerbCall call)
    {
        using var late = new CancellationTokenSource(patience, call.Surroundings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, call.Stop);
        var said = "";
        try
        {
            await foreach (var status in PatientStatus.WatchAsync(master, call, either.Token))
            {
                var left = status.Services.FirstOrDefault(s => s.Service == name)?.Instances ?? [];
                var line = LineOf(left, [.. status.Holds.Where(h => (h.Service ?? h.Instance?.Service) == name)]);
                if (!quiet && line != said)
                {
                    call.Screen.Line(line);
                }

                said = line;
                if (left.IsEmpty)
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !call.Stop.IsCancellationRequested)
        {
            throw new VerbFailedException(
                $"{name} is retired, and {(said.Length > 0 ? said : "nothing is known of its instances")} "
                    + $"after {Measures.Age(patience)}",
                $"it goes on by itself; see why it takes so long: zurg explain {name}");
        }

        if (!quiet)
        {
            call.Screen.Line($"take {name} out of cluster.yaml and apply: until then it stays retired");
        }
    }

    private static string LineOf(IReadOnlyCollection<PlacedInstance> left, IReadOnlyList<Hold> holds) => left.Count == 0
        ? "no instance is left"
        : $"{Measures.Count(left.Count, "instance")} left: {string.Join(", ", left.Select(i => $"{i.Instance} on {i.Host}"))}"
            + (holds.Count > 0 ? $"; {holds[0].Text}" : "");
}
