using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class EnvVerb : ClientVerb
{
    public const string Summary = "the environment that an instance gets";

    private readonly Argument<string> target =
        new("SERVICE[.INDEX]") { Description = "one instance, or a service: its first that runs" };
    private readonly Option<bool> next = new("--next") { Description = "what the next start would get" };
    private readonly Option<bool> export = new("--export") { Description = "as lines that a shell can read: eval \"$(...)\"" };

    public EnvVerb() : base("env", Summary)
    {
        Add(target);
        Add(next);
        Add(export);
        Examples =
        [
            "zurg env web.0              # what its process was started with, secrets and all",
            "zurg env web --next",
            "eval \"$(zurg env web.0 --export)\"",
        ];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var env = await master.EnvAsync(await InstanceAsync(master, call), call.Stop);
        if (json)
        {
            call.Screen.Json(env);
            return ExitCode.Done;
        }

        var ahead = call.Value(next) || env.Running is null;
        var shown = (ahead ? env.Next : env.Running) ?? throw new VerbFailedException(
            $"{env.Instance} on {env.Host} has no environment that could be told", "zurg explain says why");
        call.Screen.Note(ahead ? $"# what the next start of {env.Instance} on {env.Host} would get"
            : $"# of {env.Instance} on {env.Host}, pid {env.Pid}, incarnation {env.Incarnation}");
        if (!ahead && !env.Differs.IsEmpty)
        {
            call.Screen.Note($"# the next start would get another {string.Join(", ", env.Differs)}: --next shows it");
        }

        foreach (var (name, value) in shown)
        {
            call.Screen.Output.WriteLine(call.Value(export) ? $"export {name}={Quoted(value)}" : $"{name}={value}");
        }

        call.Screen.Output.Flush();
        return ExitCode.Done;
    }

    private async Task<InstanceId> InstanceAsync(MasterClient master, VerbCall call)
    {
        var (service, instance) = Target.Parse(call.Value(target));
        if (instance is { } named)
        {
            return named;
        }

        var there = (await master.ExplainAsync(service, call.Stop)).Status.Instances;
        return (there.FirstOrDefault(i => i.Status?.Pid is not null) ?? there.FirstOrDefault())?.Instance
            ?? throw new VerbFailedException($"{service} has no instance", $"zurg explain {service} says why it has none");
    }

    /// <summary>Within single quotes a POSIX shell takes everything as it is but a single quote.</summary>
    internal static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
