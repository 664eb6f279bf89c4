using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class ExplainVerb : ClientVerb
{
    public const string Summary = "why one service is as it is: its instances, holds, next steps, endpoints";

    private readonly Argument<ServiceName> service = Id<ServiceName>("SERVICE", "a service of the cluster");

    public ExplainVerb() : base("explain", Summary)
    {
        Add(service);
        Examples = ["zurg explain web    # what is wanted, what is there, what it waits for"];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var explained = await master.ExplainAsync(call.Value(service), call.Stop);
        if (json)
        {
            call.Screen.Json(explained);
        }
        else
        {
            call.Screen.Show(ExplainView.Of(explained, call.Now));
        }

        return ExitCode.Done;
    }
}
