using System.Collections.Immutable;
using System.CommandLine;
using System.Net;
using System.Runtime.CompilerServices;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>Empties a host: everything on it is started elsewhere, confirmed, then stopped there.</summary>
internal sealed class DrainVerb : ClientVerb
{
    public const string Summary = "empty a host: each instance is started elsewhere first, then stopped there";

    private readonly Argument<HostId> host = Id<HostId>("HOST", "a host of the cluster");
    private readonly Option<string?> why =
        new("--why") { Description = "for the others who see it, such as \"new disks\"", HelpName = "TEXT" };
    private readonly Option<bool> noWait = new("--no-wait") { Description = "return as soon as it is written down" };

    public DrainVerb() : base("drain", Summary)
    {
        Add(host);
        Add(why);
        Add(noWait);
        Examples =
        [
            "zurg drain host2 --why \"new disks\"    # until it is empty; Ctrl-C leaves it going on",
            "zurg undrain host2                    # it takes instances again",
        ];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var name = call.Value(host);
        try
        {
            var accepted = await master.DrainAsync(name, call.Value(why), call.Surroundings.Author, call.Stop);
            Show(accepted, call, json);
        }
        catch (VerbFailedException e) when (e.HttpStatus == (int)HttpStatusCode.Conflict && !call.Value(noWait))
        {
            call.Screen.Note(e.Message);   // somebody said so before: what is asked is that it is empty
        }

        return call.Value(noWait) ? ExitCode.Done : await FollowAsync(master, name, call, quiet: json);
    }

    private static async Task<int> FollowAsync(MasterClient master, HostId host, VerbCall call, bool quiet)
    {
        try
        {
            var statuses = UntilEmptyAsync(PatientStatus.WatchAsync(master, call, call.Stop), host);
            if (call.Screen.IsTerminal && !quiet)
            {
                await TerminalView.ShowLiveAsync(ViewsAsync(statuses, host, call), call.Screen, call.Stop);
            }
            else
            {
                await WriteChangesAsync(statuses, host, call, quiet);
            }
        }
        catch (OperationCanceledException) when (call.Stop.IsCancellationRequested)
        {
            call.Screen.Note(
                $"left; {host} goes on being emptied: zurg drain {host} shows it, zurg undrain {host} takes it back");
            return ExitCode.Interrupted;
        }

        if (!quiet)
        {
            call.Screen.Line($"{host} is empty");
        }

        return ExitCode.Done;
    }

    private static async IAsyncEnumerable<ClusterStatus> UntilEmptyAsync(IAsyncEnumerable<ClusterStatus> statuses, HostId host)
    {
        await foreach (var status in statuses)
        {
            yield return status;
            if (status.Hosts.FirstOrDefault(h => h.Host == host)?.Drained is null)
            {
                throw new VerbFailedException($"{host} is drained no longer: somebody took it back", "zurg events shows who");
            }

            if (DrainView.Left(status, host).IsEmpty)
            {
                yield break;
            }
        }
    }

    private static async IAsyncEnumerable<ImmutableArray<Block>> ViewsAsync(
        IAsyncEnumerable<ClusterStatus> statuses, HostId host, VerbCall call,
        [EnumeratorCancellation] CancellationToken stop = default)
    {
        await foreach (var status in statuses.WithCancellation(stop))
        {
            yield return DrainView.Of(status, host, call.Now);
        }
    }

    private static async Task WriteChangesAsync(
        IAsyncEnumerable<ClusterStatus> statuses, HostId host, VerbCall call, bool quiet)
    {
        ImmutableArray<string> said = [];
        await foreach (var status in statuses)
        {
            var lines = DrainView.Changes(status, host);
            foreach (var line in quiet ? [] : lines.Except(said))
            {
                call.Screen.Line(line);
            }

            said = lines;
        }
    }
}
