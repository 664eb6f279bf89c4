using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>Counts a silent host as gone, once the person has seen what that means and said --yes.</summary>
internal sealed class LostVerb : ClientVerb
{
    public const string Summary = "say that a silent host is gone: what it ran starts elsewhere";

    private readonly Argument<HostId> host = Id<HostId>("HOST", "a silent host");
    private readonly Option<string?> why =
        new("--why") { Description = "for the others who see it, such as \"its power supply burnt\"", HelpName = "TEXT" };
    private readonly Option<bool> yes = new("--yes") { Description = "do it; without, it is only shown what would happen" };

    public LostVerb() : base("lost", Summary)
    {
        Add(host);
        Add(why);
        Add(yes);
        Examples =
        [
            "zurg lost host2                             # what it means; nothing is done",
            "zurg lost host2 --yes --why \"disk burnt\"    # a host that is alive is refused: zurg drain empties it",
        ];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var name = call.Value(host);
        if (!call.Value(yes))
        {
            throw await NotYetAsync(master, name, call);
        }

        var accepted = await master.LoseAsync(name, call.Value(why), call.Surroundings.Author, call.Stop);
        Show(accepted, call, json);
        return ExitCode.Done;
    }

    private static async Task<VerbFailedException> NotYetAsync(MasterClient master, HostId name, VerbCall call)
    {
        var known = await master.HostAsync(name, call.Stop);
        return known.Session switch
        {
            HostSession.Silent => new VerbFailedException(
                $"{name} has been silent for {Measures.Age(call.Now - known.SessionSince)}, and what was last known to run there "
                    + $"({Measures.Count(known.Instances, "instance")}) may run on. Counted as gone, its instances start "
                    + "elsewhere, and nobody waits for the programs on it",
                $"if it is gone: zurg lost {name} --yes"),
            HostSession.Lost => new VerbFailedException(
                $"{name} is lost already{(known.Lost is { } word ? $", by word of {word.By}" : "")}", $"see: zurg hosts {name}"),
            _ => new VerbFailedException(
                $"{name} is not lost: its agent reports",
                $"zurg drain {name} moves everything away from it without an error; one that dies shows as silent within 5 s"),
        };
    }
}
