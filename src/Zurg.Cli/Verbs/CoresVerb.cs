using System.Collections.Immutable;
using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>Core dumps: what crashed, and how to open it with the very bytes that ran.</summary>
internal static class CoresVerb
{
    public const string Summary = "core dumps: list them, get one with the release that made it";

    public static Command Build() => new("cores", Summary) { new List(), new Get() };

    private sealed class List : ClientVerb
    {
        private readonly Argument<ServiceName> service = Id<ServiceName>("SERVICE", "only those of this one");

        public List() : base("list", "what hosts keep, newest first")
        {
            service.Arity = ArgumentArity.ZeroOrOne;
            Add(service);
            Examples = ["zurg cores list", "zurg cores list web"];
        }

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            ServiceName? only = call.Parsed.GetResult(service) is { Tokens.Count: > 0 } ? call.Value(service) : null;
            var list = await master.CoresAsync(only, call.Stop);
            if (json)
            {
                call.Screen.Json(list);
            }
            else
            {
                call.Screen.Show(CoreView.List(list, call.Now));
            }

            return list.Silent.IsEmpty ? ExitCode.Done : ExitCode.Failed;
        }
    }

    private sealed class Get : ClientVerb
    {
        private readonly Argument<string> core = new("CORE") { Description = "as zurg cores list names it, such as web.0-17" };
        private readonly Option<HostId> host = new("--host")
        {
            Description = "when several hosts have one of this name",
            HelpName = "HOST",
            CustomParser = r => Parsed(r.Tokens[0].Value),
        };
        private readonly Option<string?> directory =
            new("--to") { Description = "a new directory for it (core-CORE)", HelpName = "DIR" };

        public Get() : base("get", "bring a core dump here, with the release that made it")
        {
            Add(core);
            Add(host);
            Add(directory);
            Examples = ["zurg cores get web.0-17    # then: gdb core-web.0-17/release/bin/web core-web.0-17/core"];
        }

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            var wanted = Chosen((await master.CoresAsync(service: null, call.Stop)).Cores, call);
            var to = call.PathOf(call.Value(directory) ?? "core-" + wanted.Id);
            if (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any())
            {
                throw new VerbFailedException($"{to} is there already and is not empty", "name another directory with --to");
            }

            var brought = await new CoreDownload(master, wanted, to, call.Screen).RunAsync(call.Stop);
            if (json)
            {
                call.Screen.Json(wanted);
            }
            else
            {
                call.Screen.Show(CoreView.Brought(wanted, brought));
            }

            return ExitCode.Done;
        }

        private CoreDump Chosen(ImmutableArray<CoreDump> cores, VerbCall call)
        {
            var id = call.Value(core);
            HostId? on = call.Parsed.GetResult(host) is null ? null : call.Value(host);
            var named = cores.Where(c => c.Id == id && (on is null || c.Host == on)).ToImmutableArray();
            return named switch
            {
                [var one] => one,
                [] => throw new VerbFailedException(
                    $"no host keeps a core dump {id}", "zurg cores list shows those that are kept"),
                _ => throw new VerbFailedException(
                    $"{string.Join(" and ", named.Select(c => c.Host))} each have a core dump {id}", "name one with --host"),
            };
        }

        private static HostId Parsed(string text) => HostId.ProblemOf(text) is { } problem
            ? throw new VerbFailedException(problem, exitCode: ExitCode.BadUsage)
            : HostId.Wrap(text);
    }
}
