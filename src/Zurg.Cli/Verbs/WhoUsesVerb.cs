using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class WhoUsesVerb : ClientVerb
{
    public const string Summary = "who uses a service, or did within 31 days, and how that is known";

    private readonly Argument<ServiceName> service = Id<ServiceName>("SERVICE", "a service of the cluster");

    public WhoUsesVerb() : base("who-uses", Summary)
    {
        Add(service);
        Examples =
        [
            "zurg who-uses web                                      # a line for each client and evidence",
            "zurg who-uses web --json | jq -r '.users[].client'     # for a script",
        ];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var users = await master.UsersAsync(call.Value(service), call.Stop);
        if (json)
        {
            call.Screen.Json(users);
        }
        else
        {
            call.Screen.Show(UsersView.Of(users, call.Now));
        }

        return ExitCode.Done;
    }
}
