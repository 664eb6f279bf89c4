using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>The numbered specs that were applied.</summary>
internal static class SpecVerb
{
    public const string Summary = "what was applied, when, by whom: history, show, diff, revert";

    public static Command Build() => new("spec", Summary) { new History(), new Show(), new Diff(), new Revert() };

    private static Argument<long?> Number(string name, string description) => new(name)
    {
        Description = description,
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static SpecNumber? Of(long? number) => number is { } n ? new SpecNumber(n) : null;

    private sealed class History : ClientVerb
    {
        private readonly Option<int> limit =
            new("--limit") { Description = "at most so many, the newest (50)", HelpName = "N", DefaultValueFactory = _ => 50 };

        public History() : base("history", "every applied spec with its author and time, newest first")
        {
            Add(limit);
            Examples = ["zurg spec history"];
        }

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            var specs = await master.SpecsAsync(call.Value(limit), call.Stop);
            if (json)
            {
                call.Screen.Json(specs);
            }
            else
            {
                call.Screen.Show(SpecView.History(specs, call.Now));
            }

            return ExitCode.Done;
        }
    }

    private sealed class Show : ClientVerb
    {
        private readonly Argument<long?> number = Number("N", "its number; the newest when left out");

        public Show() : base("show", "the text of an applied spec, as it was given")
        {
            Add(number);
            Examples = ["zurg spec show > cluster.yaml    # the newest", "zurg spec show 3"];
        }

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            var asked = Of(call.Parsed.GetValue(number));
            var spec = await master.SpecAsync(asked, call.Stop);
            if (asked is null)
            {
                // Who has seen the newest may apply on top of it.
                SeenFile.Remember(master.Cluster, SpecFile.Of(call, null), spec.Number, call.Surroundings);
            }

            if (json)
            {
                call.Screen.Json(spec);
            }
            else
            {
                call.Screen.Note($"# spec {spec.Number} of {Measures.Moment(spec.At)} by {spec.Author}");
                call.Screen.Output.Write(spec.Text.EndsWith('\n') ? spec.Text : spec.Text + "\n");
                call.Screen.Output.Flush();
            }

            return ExitCode.Done;
        }
    }

    private sealed class Diff : ClientVerb
    {
        private readonly Argument<long?> from = Number("FROM", "a spec's number; the one before TO when left out");
        private readonly Argument<long?> to = Number("TO", "a spec's number; the newest when left out");

        public Diff() : base("diff", "what differs between two applied specs, and which instances that touches")
        {
            Add(from);
            Add(to);
            Examples = ["zurg spec diff        # the newest against the one before", "zurg spec diff 3 5"];
        }

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            var newer = Of(call.Parsed.GetValue(to)) ?? (await master.SpecAsync(null, call.Stop)).Number;
            var older = Of(call.Parsed.GetValue(from)) ?? new SpecNumber(newer.Value - 1);
            if (older.Value < 1)
            {
                throw new VerbFailedException("there is only one spec: nothing to compare it with", "zurg spec show prints it");
            }

            var result = await master.DiffAsync(older, newer, call.Stop);
            if (json)
            {
                call.Screen.Json(result);
            }
            else
            {
                call.Screen.Show([Block.Line.Of($"from spec {older} to spec {newer}:"), .. SpecView.Changes(result)]);
            }

            return ExitCode.Done;
        }
    }

    private sealed class Revert : ClientVerb
    {
        private readonly Argument<long> number = new("N") { Description = "the spec to go back to" };

        private readonly Option<bool> removeUsed =
            new("--remove-used") { Description = "take services out though somebody uses them now" };

        public Revert() : base("revert", "apply an older spec again, as a new one")
        {
            Add(number);
            Add(removeUsed);
            Examples = ["zurg spec revert 3    # what spec 3 said becomes the newest spec"];
        }

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            var newest = await master.SpecAsync(null, call.Stop);
            var result = await master.RevertAsync(
                new SpecNumber(call.Value(number)), call.Surroundings.Author, newest.Number, call.Value(removeUsed), call.Stop);
            // Not remembered as seen: the file still says what was reverted, and an apply of it must be a decision.
            if (json)
            {
                call.Screen.Json(result);
            }
            else
            {
                call.Screen.Show(SpecView.Changes(result));
                call.Screen.Line($"spec {result.Number} says what spec {call.Value(number)} said");
                call.Screen.Note($"cluster.yaml is as it was: zurg spec show > {SpecFile.Name} brings this one into it");
            }

            return ExitCode.Done;
        }
    }
}
