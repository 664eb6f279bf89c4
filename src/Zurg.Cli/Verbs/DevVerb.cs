using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Zurg.Cli.Client;
using Zurg.Cli.Cluster;
using Zurg.Cli.Rendering;
using Zurg.Master.Intent;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class DevVerb : Verb
{
    public const string Summary = "a whole cluster in one process, for your own cluster.yaml";

    private const int HostsMax = 100;
    private const int HostsDefault = 3;
    private const int CellsMax = 3;

    private readonly Option<string?> directory =
        new("--dir") { Description = "where its state lives (.zurg here)", HelpName = "DIR" };
    private readonly Option<int> hosts = new("--hosts")
    {
        Description = "how many agents: host1, host2, … in the cells of the cluster.yaml beside DIR, else az1, az2, az3 (3)",
        HelpName = "N",
        DefaultValueFactory = _ => HostsDefault,
    };
    private readonly Option<bool> fresh = new("--fresh") { Description = "forget everything that DIR holds first" };

    public DevVerb() : base("dev", Summary)
    {
        Add(directory);
        Add(hosts);
        Add(fresh);
        EndsByInterrupt = true;
        Examples =
        [
            "zurg dev              # then, in another terminal: zurg apply cluster.yaml",
            "zurg dev --hosts 1    # one host is enough for most things",
            "zurg dev --fresh      # from nothing",
        ];
    }

    public override async Task<int> RunAsync(VerbCall call)
    {
        var count = call.Value(hosts);
        if (count is < 1 or > HostsMax)
        {
            throw new VerbFailedException($"--hosts takes 1 to {HostsMax}", exitCode: ExitCode.BadUsage);
        }

        var path = call.PathOf(call.Value(directory) ?? ClusterLocator.DirectoryName);
        call.Screen.Progress("starting …");
        var cluster = await DevCluster.StartAsync(
            new DevOptions(path, count, CellsBeside(path) ?? Cells(count), call.Value(fresh), call.Surroundings.Time), call.Stop);
        call.Screen.Progress("");
        await DevSession.RunAsync(cluster, call, async stop =>
        {
            DevSession.Introduce(cluster, call.Screen);
            call.Screen.Note("Ctrl-C stops it, and all that it runs. What happens:");
            await DevSession.FollowAsync(
                cluster, happened => EventView.Show([happened], call.Screen, indented: false, json: false), stop);
        });
        return ExitCode.Done;
    }

    /// <summary>The cells that the user's own file names; a file that cannot be read yet is apply's to complain about.</summary>
    internal static ImmutableArray<CellName>? CellsBeside(string directory)
    {
        var file = Path.Combine(Path.GetDirectoryName(directory) ?? ".", "cluster.yaml");
        try
        {
            return !File.Exists(file) ? null
                : SpecReader.Read(File.ReadAllBytes(file)) is SpecReading.Read { Spec.Cells: { IsEmpty: false } cells } ? cells
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static ImmutableArray<CellName> Cells(int hosts) =>
        [
            .. Enumerable.Range(1, Math.Min(hosts, CellsMax))
                .Select(i => new CellName(string.Create(CultureInfo.InvariantCulture, $"az{i}"))),
        ];
}
