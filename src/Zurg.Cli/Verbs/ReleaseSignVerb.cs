using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class ReleaseSignVerb : ClientVerb
{
    private readonly Argument<string> name = new("NAME") { Description = "of the release" };
    private readonly Argument<string> version = new("VERSION") { Description = "of the release" };
    private readonly Option<string> key = KeyOption(required: true);

    public ReleaseSignVerb() : base("sign", "sign a release that was pushed, as it is on the master")
    {
        Add(name);
        Add(version);
        Add(key);
        Examples = ["zurg release sign web 1.2.0 --key ci.pem"];
    }

    public static Option<string> KeyOption(bool required) => new("--key")
    {
        Description = "a private key: zurg release keygen makes one", HelpName = "FILE", Required = required,
    };

    public static void Show(Screen screen, ReleaseRecord record, ReleaseSign signed) =>
        screen.Line($"signed {record.Manifest.Short} with the key {ReleaseSignature.NameOf(signed.Key)}");

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var release = ReleaseVerb.Of(call.Value(name), call.Value(version));
        var known = await master.ReleaseAsync(release, call.Stop);
        var sign = SigningKey.Sign(call.PathOf(call.Value(key)!), known.Manifest);
        var record = await master.SignAsync(release, sign, call.Surroundings.Author, call.Stop);
        if (json)
        {
            call.Screen.Json(record);
        }
        else
        {
            var count = Measures.Count(record.Signatures!.Value.Length, "signature");
            call.Screen.Line(new Span(release.Value, Tone.Strong), $"  {count}");
            Show(call.Screen, record, sign);
        }

        return ExitCode.Done;
    }
}
