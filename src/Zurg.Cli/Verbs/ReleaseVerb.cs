using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>Releases: directories that were pushed under a name and a version, and never change afterwards.</summary>
internal static class ReleaseVerb
{
    public const string Summary = "what can run: push a directory as a release, list, show, sign";

    public static Command Build() => new("release", Summary) 
    {
        new Push(), new List(), new Show(), new ReleaseSignVerb(), new ReleaseKeygenVerb(),
    };

    public static ReleaseId Of(string name, string version) =>
        (ReleaseName.ProblemOf(name) ?? ReleaseVersion.ProblemOf(version)) is { } problem
            ? throw new VerbFailedException(problem, exitCode: ExitCode.BadUsage)
            : new ReleaseId(new ReleaseName(name), new ReleaseVersion(version));

    private sealed class Push : ClientVerb
    {
        private readonly Argument<string> name =
            new("NAME") { Description = "of the release; services of the same name use it by version" };
        private readonly Argument<string> version =
            new("VERSION") { Description = "such as 1.2.0; once pushed it never gets other bytes" };
        private readonly Argument<string> directory = new("DIR") { Description = "everything in it is pushed" };

        private readonly Option<string> key = ReleaseSignVerb.KeyOption(required: false);

        public Push() : base("push", "push a directory as a release; only what the master lacks is sent")
        {
            Add(name);
            Add(version);
            Add(directory);
            Add(key);
            Examples =
            [
                "zurg release push web 1.2.0 ./out",
                "zurg release push web 1.2.0 ./out --key ci.pem   # and sign it",
            ];
        }

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            var release = Of(call.Value(name), call.Value(version));
            var folder = ReleaseFolder.Read(release, call.PathOf(call.Value(directory)), call.Screen, call.Stop);
            var manifest = SigningKey.DigestOf(folder.Manifest);
            var sign = call.Value(key) is { } file ? SigningKey.Sign(call.PathOf(file), manifest) : null;
            var pushed = await ReleasePusher.PushAsync(master, folder, call.Surroundings.Author, call.Screen, call.Stop);
            if (sign is not null)
            {
                var signed = await master.SignAsync(release, sign, call.Surroundings.Author, call.Stop);
                pushed = pushed with { Record = signed };
            }

            if (json)
            {
                call.Screen.Json(pushed.Record);
            }
            else
            {
                call.Screen.Line(
                    new Span(pushed.Record.Release.Value, Tone.Strong),
                    $"  {Measures.Count(pushed.Record.Files, "file")}, {Measures.Size(pushed.Record.Bytes)}, ",
                    $"sent {Measures.Size(pushed.Sent)}");
                call.Screen.Line($"digest {pushed.Record.Manifest}");
                if (sign is not null)
                {
                    ReleaseSignVerb.Show(call.Screen, pushed.Record, sign);
                }
            }

            return ExitCode.Done;
        }
    }

    private sealed class List : ClientVerb
    {
        private readonly Argument<string?> name =
            new("NAME") { Description = "only this one's versions", Arity = ArgumentArity.ZeroOrOne };

        public List() : base("list", "every release")
        {
            Add(name);
            Examples = ["zurg release list", "zurg release list web"];
        }

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            var typed = call.Parsed.GetValue(name);
            var releases = await master.ReleasesAsync(typed is null ? null : Of(typed, "1").Name, call.Stop);
            if (typed is not null && releases.IsEmpty)
            {
                throw new VerbFailedException($"no release has the name '{typed}'", "zurg release list shows them all");
            }

            if (json)
            {
                call.Screen.Json(releases);
            }
            else
            {
                call.Screen.Show(ReleaseView.List(releases, call.Now));
            }

            return ExitCode.Done;
        }
    }

    private sealed class Show : ClientVerb
    {
        private readonly Argument<string> name = new("NAME") { Description = "of the release" };
        private readonly Argument<string> version = new("VERSION") { Description = "of the release" };

        public Show() : base("show", "one release and its files")
        {
            Add(name);
            Add(version);
            Examples = ["zurg release show web 1.2.0"];
        }

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            var release = Of(call.Value(name), call.Value(version));
            var record = await master.ReleaseAsync(release, call.Stop);
            var manifest = await master.ManifestAsync(release, call.Stop);
            if (json)
            {
                call.Screen.Json(manifest);
            }
            else
            {
                call.Screen.Show(ReleaseView.Of(record, manifest));
            }

            return ExitCode.Done;
        }
    }
}
