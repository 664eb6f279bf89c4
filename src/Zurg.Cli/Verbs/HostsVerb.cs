using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class HostsVerb : ClientVerb
{
    public const string Summary = "the hosts: cell, session, what they run, what they have, what they are short of";

    private readonly Argument<HostId> host = Id<HostId>("HOST", "everything about this one; without it all, one a line");

    public HostsVerb() : base("hosts", Summary)
    {
        host.Arity = ArgumentArity.ZeroOrOne;
        Add(host);
        Examples = ["zurg hosts", "zurg hosts host1    # its disks, network, clock, and what each instance takes"];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        if (call.Parsed.GetResult(host) is { Tokens.Count: > 0 })
        {
            var one = await master.HostAsync(call.Value(host), call.Stop);
            Show(call, json, one, () => call.Screen.Show(HostView.Of(one, call.Now)));
            return ExitCode.Done;
        }

        var hosts = await master.HostsAsync(call.Stop);
        Show(call, json, hosts, () =>
        {
            if (hosts.IsEmpty)
            {
                call.Screen.Line("no agent has connected yet: zurg agent --help");
            }
            else
            {
                call.Screen.Show(HostView.Of(hosts, call.Now));
            }
        });
        return ExitCode.Done;
    }

    private static void Show<T>(VerbCall call, bool json, T value, Action show)
    {
        if (json)
        {
            call.Screen.Json(value);
        }
        else
        {
            show();
        }
    }
}
