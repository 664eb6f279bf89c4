using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Zurg.Cli.Client;
using Zurg.Cli.Cluster;
using Zurg.Cli.Demo;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class DemoVerb : Verb
{
    public const string Summary = "see it work: three hosts on this machine and a real application";

    private const int Hosts = 3;

    private readonly Option<string?> directory =
        new("--dir") { Description = "where its state lives (.zurg in the checkout)", HelpName = "DIR" };
    private readonly Option<bool> fresh = new("--fresh") { Description = "forget everything that DIR holds first" };
    private readonly Option<bool> check =
        new("--check") { Description = "under load kill a solver, roll out a release, drain a host; check each answer, and end" };
    private readonly Option<int?> webPort =
        new("--web-port") { Description = "the web front's port, when the one in cluster.yaml is taken", HelpName = "PORT" };

    public DemoVerb() : base("demo", Summary)
    {
        Add(directory);
        Add(fresh);
        Add(check);
        Add(webPort);
        EndsByInterrupt = true;
        Examples = ["zurg demo            # until Ctrl-C", "zurg demo --check    # proves it, in under a minute once built"];
    }

    public override async Task<int> RunAsync(VerbCall call)
    {
        var root = RootOf(call.Surroundings);
        var path = call.Value(directory) is { } typed ? call.PathOf(typed) : Path.Combine(root, ClusterLocator.DirectoryName);
        var releases = await ExampleReleases.PublishAsync(root, call.Screen, call.Stop);
        call.Screen.Progress("starting a master and three agents …");
        var options = new DevOptions(path, Hosts, DevVerb.Cells(Hosts), call.Value(fresh), call.Surroundings.Time);
        var cluster = await DevCluster.StartAsync(options, call.Stop);
        call.Screen.Progress("");
        DemoOutcome? outcome = null;
        await DevSession.RunAsync(cluster, call, async stop => outcome = await DriveAsync(cluster, root, releases, call, stop));
        if (!call.Value(check))
        {
            return ExitCode.Done;
        }

        var left = Leftovers.Find(DevDirectory.SocketsOf(path));
        if (!left.IsEmpty)
        {
            throw new VerbFailedException(
                $"{Measures.Count(left.Length, "process")} of the demo still run: {string.Join(", ", left)}");
        }

        call.Screen.Line(outcome!.ToString());
        return ExitCode.Done;
    }

    /// <returns>Null unless it was a check, which ends by itself; otherwise it goes on until it is stopped.</returns>
    private async Task<DemoOutcome?> DriveAsync(
        DevCluster cluster, string root, IReadOnlyList<(ReleaseId Release, string Directory)> releases, VerbCall call,
        CancellationToken stop)
    {
        using var client = new MasterClient(cluster.Address, null);
        foreach (var (release, folder) in releases)
        {
            var read = ReleaseFolder.Read(release, folder, call.Screen, stop);
            var pushed = await PushAsync(client, read, call, stop);
            call.Screen.Line(
                $"release {release}  {Measures.Size(pushed.Record.Bytes)}{(pushed.Sent == 0 ? ", known already" : "")}");
        }

        if (call.Value(check))
        {
            await DemoCheck.UndrainAllAsync(client, call, stop);
        }

        var file = Path.Combine(root, "examples/sudoku/cluster.yaml");
        var text = call.Value(webPort) is { } port ? DemoSpec.WithWebPort(SpecFile.Read(file), port) : SpecFile.Read(file);
        var started = Stopwatch.GetTimestamp();
        var result = await client.ApplyAsync(text, plan: false, call.Surroundings.Author, seen: null, stop);
        SeenFile.Remember(client.Cluster, file, result.Number, call.Surroundings);
        call.Screen.Line($"applied {Path.GetRelativePath(call.Surroundings.WorkingDirectory, file)} as spec {result.Number}");
        await Convergence.WaitAsync(client, result.Number, TimeSpan.FromMinutes(2), quiet: false, call with { Stop = stop });
        var converged = Stopwatch.GetElapsedTime(started);
        var web = await DemoSpec.WebAddressAsync(client, stop);
        using var http = new HttpClient(
            new SocketsHttpHandler { UseProxy = false }) { BaseAddress = web, Timeout = TimeSpan.FromSeconds(30) };
        var puzzles = await http.GetFromJsonAsync("/api/puzzles", DemoJson.Default.ImmutableArrayString, stop);
        var load = new DemoLoad(http, puzzles, call.Surroundings.Time);
        if (call.Value(check))
        {
            return await DemoCheck.RunAsync(client, load, converged, call, stop);
        }

        Introduce(cluster, web, converged, await client.StatusAsync(stop), call);
        await ShowAsync(cluster, load, call, stop);
        return null;
    }

    /// <summary>Load, its counter and what happens, until it is stopped or one of them fails.</summary>
    private static async Task ShowAsync(DevCluster cluster, DemoLoad load, VerbCall call, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        load.During = "the demo";
        var line = new LoadLine(call.Screen, () => load.Count, call.Surroundings.Time);
        Task[] running =
            [DevSession.FollowAsync(cluster, line.Show, ending.Token), load.RunAsync(ending.Token), line.RunAsync(ending.Token)];
        await Task.WhenAny(running);
        await ending.CancelAsync();
        try
        {
            await Task.WhenAll(running);
        }
        finally
        {
            foreach (var failure in load.Failures)
            {
                call.Screen.Note(failure);
            }
        }
    }

    private static async Task<PushedRelease> PushAsync(
        MasterClient client, ReleaseFolder folder, VerbCall call, CancellationToken stop)
    {
        try
        {
            return await ReleasePusher.PushAsync(client, folder, call.Surroundings.Author, call.Screen, stop);
        }
        catch (VerbFailedException refused) when (refused.HttpStatus == (int)HttpStatusCode.Conflict)
        {
            throw new VerbFailedException(
                $"the example was changed since this cluster got it: {refused.Message}",
                "forget the old cluster: ./zurg demo --fresh");
        }
    }

    private static void Introduce(
        DevCluster cluster, Uri web, TimeSpan converged, ClusterStatus status, VerbCall call)
    {
        var host = DemoSpec.HostToDrain(status);
        call.Screen.Line($"converged in {Measures.Age(converged)}");
        call.Screen.Line("");
        call.Screen.Line(new Span("web", Tone.Strong), "      ", new Span(web.ToString(), Tone.Good));
        DevSession.Introduce(cluster, call.Screen);
        call.Screen.Line("");
        call.Screen.Line("Puzzles are solved all the time, and the last line counts them.");
        call.Screen.Line("In another terminal, in this directory, try:");
        call.Screen.Line("  ./zurg rollout start sudoku-solver 1.1.0 --watch   (a quicker solver: p99 falls, nothing fails)");
        call.Screen.Line($"  ./zurg drain {host}    (all of it moves away; then ./zurg undrain {host})");
        call.Screen.Line("  ./zurg status --watch");
        call.Screen.Line("  ./zurg explain sudoku-solver");
        call.Screen.Line("  ./zurg logs sudoku-solver -f");
        foreach (var drained in status.Hosts.Where(h => h.Drained is not null))
        {
            call.Screen.Note($"{drained.Host} is still drained from before: ./zurg undrain {drained.Host}");
        }

        call.Screen.Note("Ctrl-C stops it all. What happens:");
    }

    private static string RootOf(Surroundings surroundings)
    {
        var from = surroundings.Variable("ZURG_ROOT") ?? surroundings.WorkingDirectory;
        for (var at = from; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, "examples/sudoku/cluster.yaml")))
            {
                return at;
            }
        }

        throw new VerbFailedException(
            "the demo is built from its sources, which are not here", "run ./zurg demo in a checkout of Zurg");
    }
}
