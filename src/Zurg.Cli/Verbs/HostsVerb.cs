using Zurg.Cli.Client;
using Zurg.Cli.Rendering;

namespace Zurg.Cli.Verbs;

internal sealed class HostsVerb : ClientVerb
{
    public const string Summary = "the hosts: cell, session, what they run, what they have";

    public HostsVerb() : base("hosts", Summary) => Examples = ["zurg hosts"];

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var hosts = await master.HostsAsync(call.Stop);
        if (json)
        {
            call.Screen.Json(hosts);
        }
        else if (hosts.IsEmpty)
        {
            call.Screen.Line("no agent has connected yet: zurg agent --help");
        }
        else
        {
            call.Screen.Show([StatusView.Hosts(hosts, call.Now)]);
        }

        return ExitCode.Done;
    }
}
