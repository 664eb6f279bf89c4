using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class UndrainVerb : ClientVerb
{
    public const string Summary = "let a drained host take instances again";

    private readonly Argument<HostId> host = Id<HostId>("HOST", "a drained host");

    public UndrainVerb() : base("undrain", Summary)
    {
        Add(host);
        Examples = ["zurg undrain host2    # what has left it stays where it is"];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var accepted = await master.UndrainAsync(call.Value(host), call.Surroundings.Author, call.Stop);
        Show(accepted, call, json);
        return ExitCode.Done;
    }
}
