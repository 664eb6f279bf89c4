using System.Collections.Immutable;
using System.CommandLine;
using System.Runtime.CompilerServices;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class StatusVerb : ClientVerb
{
    public const string Summary = "the whole cluster at a glance: services, instances, hosts, holds";

    private readonly Option<bool> watch = new("--watch", "-w") { Description = "stay and show every change until Ctrl-C" };

    public StatusVerb() : base("status", Summary)
    {
        Add(watch);
        EndsByInterrupt = true;
        Examples =
        [
            "zurg status            # now",
            "zurg status --watch    # as it changes",
            "zurg status --json     # for scripts",
        ];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        if (!call.Value(watch))
        {
            var status = await master.StatusAsync(call.Stop);
            Show(status, call, json);
            return ExitCode.Done;
        }

        if (!json && call.Screen.IsTerminal)
        {
            await TerminalView.ShowLiveAsync(ViewsAsync(master, call, call.Stop), call.Screen, call.Stop);
            return ExitCode.Done;
        }

        await foreach (var status in master.WatchStatusAsync(call.Stop))
        {
            if (json)
            {
                call.Screen.Json(status, WireJson.Default.ClusterStatus);
            }
            else
            {
                Show(status, call, json);
            }
        }

        return ExitCode.Done;
    }

    private static void Show(ClusterStatus status, VerbCall call, bool json)
    {
        if (json)
        {
            call.Screen.Json(status);
        }
        else
        {
            call.Screen.Show(StatusView.Of(status, call.Now));
        }
    }

    private static async IAsyncEnumerable<ImmutableArray<Block>> ViewsAsync(
        MasterClient master, VerbCall call, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var status in master.WatchStatusAsync(stop))
        {
            yield return StatusView.Of(status, call.Now);
        }
    }
}
