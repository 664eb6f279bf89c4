using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Master.Intent;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>Changes on their way to a service's instances: begun, watched, held up, let on, taken back.</summary>
internal static class RolloutVerb
{
    public const string Summary = "another release, step by step: start, status, pause, resume, promote, abort";

    /// <summary>What zurg rollout alone is.</summary>
    public const string Alone = "status";

    public static Command Build() => new("rollout", Summary)
    {
        new Start(), new Status(),
        new Word("pause", "touch nothing more of a rollout until it is resumed"),
        new Word("resume", "let a paused rollout go on, or a halted one in spite of what halted it"),
        new Promote(),
        new Word("abort", "take a rollout back to what ran before"),
    };

    private sealed class Start : ClientVerb
    {
        private readonly Argument<ServiceName> service = Id<ServiceName>("SERVICE", "a service of the cluster");
        private readonly Argument<string> version =
            new("VERSION") { Description = "a pushed version of its release, or NAME@VERSION of another" };
        private readonly Option<bool> watch = new("--watch", "-w")
        {
            Description = "stay until it has ended: 0 when all have it, 1 when it was halted or taken back",
        };

        public Start() : base("start", "roll out another release: changes release: in the applied spec, and nothing else")
        {
            Add(service);
            Add(version);
            Add(watch);
            Examples =
            [
                "zurg rollout start web 1.1.0 --watch    # canary, bake, batches, until all have it",
                "zurg rollout start web 1.0.0            # back to an older one, the same way",
            ];
        }

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            var (name, asked) = (call.Value(service), call.Value(version));
            var newest = await master.SpecAsync(null, call.Stop);
            var started = await master.StartRolloutAsync(name, asked, call.Surroundings.Author, newest.Number, call.Stop);
            var watched = call.Value(watch);
            if (json && !watched)
            {
                call.Screen.Json(started);
            }
            else if (!json)
            {
                call.Screen.Line(started.Text);
            }

            if (StaleFile(master.Cluster, name, asked, call) is { } file)
            {
                call.Screen.Note(
                    $"{file} still says another release of {name}: write {asked} there too, before somebody applies it");
            }

            return watched
                ? await new RolloutWatch(name, started.Spec, started.After).FollowAsync(master, call, json)
                : ExitCode.Done;
        }

        /// <summary>The file that a person applies from, when it would put the old release back.</summary>
        private static string? StaleFile(ClusterAddress cluster, ServiceName service, string asked, VerbCall call)
        {
            var path = SpecFile.Of(call, null);
            if (SeenFile.Of(cluster, path, call.Surroundings).Value == 0)
            {
                return null;
            }

            try
            {
                var read = SpecReader.Read(File.ReadAllBytes(path)) as SpecReading.Read;
                var release = read?.Spec.Find(service)?.Instance.Release;
                return release is null || release.Value.Version.Value == asked || release.Value.Value == asked
                    ? null
                    : Path.GetRelativePath(call.Surroundings.WorkingDirectory, path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    private sealed class Status : ClientVerb
    {
        private readonly Argument<ServiceName> service = Id<ServiceName>("SERVICE", "this one; without it all, one a line");
        private readonly Option<bool> watch = new("--watch", "-w") { Description = "stay until it has ended" };

        public Status() : base("status", "how far a rollout is and what it waits for")
        {
            service.Arity = ArgumentArity.ZeroOrOne;
            Add(service);
            Add(watch);
            Examples =
            [
                "zurg rollout                        # the newest of each service",
                "zurg rollout status web --watch     # the one under way, until it has ended",
            ];
        }

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            if (call.Parsed.GetResult(service) is not { Tokens.Count: > 0 })
            {
                return await ListAsync(master, call, json);
            }

            var name = call.Value(service);
            var rollout = await master.RolloutAsync(name, call.Stop);
            if (call.Value(watch))
            {
                return await new RolloutWatch(name, default, rollout.Rollout.Number - 1).FollowAsync(master, call, json);
            }

            if (json)
            {
                call.Screen.Json(rollout);
                return ExitCode.Done;
            }

            var explained = await master.ExplainAsync(name, call.Stop);
            call.Screen.Show(RolloutView.Of(explained.Status, explained.Holds, call.Now));
            return ExitCode.Done;
        }

        private async Task<int> ListAsync(MasterClient master, VerbCall call, bool json)
        {
            if (call.Value(watch))
            {
                throw new VerbFailedException(
                    "--watch needs a SERVICE", "all of the cluster: zurg status --watch", ExitCode.BadUsage);
            }

            var rollouts = await master.RolloutsAsync(call.Stop);
            if (json)
            {
                call.Screen.Json(rollouts);
            }
            else
            {
                call.Screen.Show(RolloutView.List(rollouts, call.Now));
            }

            return ExitCode.Done;
        }
    }

    /// <summary>A word on the rollout that the person sees now.</summary>
    private class Word : ClientVerb
    {
        private readonly Argument<ServiceName> service = Id<ServiceName>("SERVICE", "whose rollout");

        public Word(string name, string summary) : base(name, summary)
        {
            Add(service);
            Examples = [$"zurg rollout {name} web"];
        }

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            var accepted = await master.SayOfRolloutAsync(
                call.Value(service), Name, call.Surroundings.Author, IsForAll(call), call.Stop);
            Show(accepted, call, json);
            return ExitCode.Done;
        }

        protected virtual bool IsForAll(VerbCall call) => false;
    }

    private sealed class Promote : Word
    {
        private readonly Option<bool> all = new("--all") { Description = "no more stages: the rest at once" };

        public Promote() : base("promote", "let a rollout go on to its next stage without further waiting")
        {
            Add(all);
            Examples =
            [
                "zurg rollout promote web          # the next stage, as soon as the present one is ready",
                "zurg rollout promote web --all    # all the rest, within max_unavailable and surge",
            ];
        }

        protected override bool IsForAll(VerbCall call) => call.Value(all);
    }
}
