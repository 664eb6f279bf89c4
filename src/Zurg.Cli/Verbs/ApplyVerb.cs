using System.CommandLine;
using System.Net;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class ApplyVerb : ClientVerb
{
    public const string Summary = "make the cluster what cluster.yaml says";

    private readonly Argument<string?> file =
        new("FILE") { Description = "cluster.yaml here, or beside the nearest .zurg", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> plan =
        new("--plan") { Description = "only show what would change and which instances each change touches" };
    private readonly Option<string?> basedOn = new("--based-on")
    {
        Description = "the newest spec that you know: its number, or 'newest' for whatever is newest now",
        HelpName = "N|newest",
    };
    private readonly Option<bool> wait =
        new("--wait") { Description = "wait until the cluster has converged (the default on a terminal)" };
    private readonly Option<bool> noWait = new("--no-wait") { Description = "return as soon as the spec is written down" };
    private readonly Option<bool> removeUsed =
        new("--remove-used") { Description = "take services out though somebody uses them now" };
    private readonly Option<string?> timeout =
        new("--timeout") { Description = "how long to wait, such as 90s or 5m (5m)", HelpName = "TIME" };

    public ApplyVerb() : base("apply", Summary)
    {
        Add(file);
        Add(plan);
        Add(basedOn);
        Add(removeUsed);
        Add(wait);
        Add(noWait);
        Add(timeout);
        Examples =
        [
            "zurg apply                      # ./cluster.yaml",
            "zurg apply --plan               # what would change",
            "zurg apply --wait --timeout 2m  # in a script: 0 converged, 1 not, with the holds",
        ];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var path = SpecFile.Of(call, call.Parsed.GetValue(file));
        var patience = Patience.Of(call.Value(timeout));
        var text = SpecFile.Read(path);
        var result = await SendAsync(master, call, path, text);
        var newest = result.Planned && !result.Changes.IsEmpty ? new SpecNumber(result.Number.Value - 1) : result.Number;
        SeenFile.Remember(master.Cluster, path, newest, call.Surroundings);
        if (json)
        {
            call.Screen.Json(result);
        }
        else
        {
            Show(result, call.Screen);
        }

        var waits = !result.Planned && !call.Value(noWait) && (call.Value(wait) || (call.Screen.IsTerminal && !json));
        return waits ? await Convergence.WaitAsync(master, result.Number, patience, quiet: json, call) : ExitCode.Done;
    }

    private async Task<ApplyResult> SendAsync(MasterClient master, VerbCall call, string path, string text)
    {
        var planned = call.Value(plan);
        var seen = planned ? null : BasedOn(call, master.Cluster, path);
        var name = Path.GetRelativePath(call.Surroundings.WorkingDirectory, path);
        try
        {
            return await master.ApplyAsync(text, planned, call.Surroundings.Author, seen, call.Value(removeUsed), call.Stop);
        }
        catch (VerbFailedException refused) when (refused is { HttpStatus: (int)HttpStatusCode.Conflict, Problems.IsEmpty: true })
        {
            var diff = seen is { Value: > 0 } known ? $"zurg spec diff {known}" : "zurg spec show";
            throw new VerbFailedException(
                refused.Message,
                $"see what changed meanwhile with '{diff}', bring it into {name}, then: zurg apply --based-on newest")
            {
                HttpStatus = refused.HttpStatus,
            };
        }
        catch (VerbFailedException refused) when (!refused.Problems.IsEmpty)
        {
            throw new VerbFailedException(refused.Message, refused.Mend)
            {
                Problems = refused.Problems, Given = (name, text), HttpStatus = refused.HttpStatus,
            };
        }
    }

    private SpecNumber? BasedOn(VerbCall call, ClusterAddress cluster, string path) => call.Value(basedOn) switch
    {
        null => SeenFile.Of(cluster, path, call.Surroundings),
        "newest" => null,
        var text => SpecNumber.TryParse(text, null, out var number)
            ? number
            : throw new VerbFailedException(
                $"--based-on takes a spec's number or 'newest', not '{text}'", "zurg spec history lists them", ExitCode.BadUsage),
    };

    private static void Show(ApplyResult result, Screen screen)
    {
        if (result.Changes.IsEmpty)
        {
            screen.Line(result.Planned ? "nothing would change" : $"nothing changed: spec {result.Number} says the same");
            return;
        }

        screen.Show(
        [
            .. SpecView.Changes(result),
            Block.Line.Of(result.Planned ? "planned only: nothing was applied" : $"applied as spec {result.Number}"),
        ]);
    }
}
