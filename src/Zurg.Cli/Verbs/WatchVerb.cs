using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class WatchVerb : ClientVerb
{
    public const string Summary = "a service's endpoints, now and at every change";

    private readonly Argument<ServiceName> service = Id<ServiceName>("SERVICE", "a service of the cluster");

    public WatchVerb() : base("watch", Summary)
    {
        Add(service);
        EndsByInterrupt = true;
        Examples = ["zurg watch web           # until Ctrl-C", "zurg watch web --json    # one set a line"];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        // A name that no service has would be watched for ever, and a typing error look like a service without instances.
        await master.ExplainAsync(call.Value(service), call.Stop);
        await foreach (var set in master.WatchEndpointsAsync(call.Value(service), call.Stop))
        {
            if (json)
            {
                call.Screen.Json(set, WireJson.Default.EndpointSet);
            }
            else
            {
                call.Screen.Show(EndpointView.Of(set));
            }
        }

        return ExitCode.Done;
    }
}
