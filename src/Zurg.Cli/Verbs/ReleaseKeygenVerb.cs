using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class ReleaseKeygenVerb : Verb
{
    private readonly Argument<string> file =
        new("FILE") { Description = "where the private key goes; must not be there yet. Keep a copy: nothing else has it" };
    private readonly Option<bool> json = new("--json") { Description = "as JSON" };

    public ReleaseKeygenVerb() : base("keygen", "make a key for signing releases")
    {
        Add(file);
        Add(json);
        Examples = ["zurg release keygen ci.pem      # prints what goes into cluster.yaml"];
    }

    public override Task<int> RunAsync(VerbCall call)
    {
        var path = call.PathOf(call.Value(file));
        var key = SigningKey.Create(path);
        var name = ReleaseSignature.NameOf(key);
        if (call.Value(json))
        {
            call.Screen.Line($"{{\"key\":\"{key}\",\"name\":\"{name}\"}}");
            return Task.FromResult(ExitCode.Done);
        }

        call.Screen.Line(new Span($"key {name}", Tone.Strong), $"  the private part is in {path}");
        call.Screen.Line("");
        call.Screen.Line("In cluster.yaml, under a name of yours, once every release that runs is signed:");
        call.Screen.Line("keys:");
        call.Screen.Line($"  ci: {key}");
        return Task.FromResult(ExitCode.Done);
    }
}
