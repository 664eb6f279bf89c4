using System.Collections.Immutable;
using Zurg.Agent.Exec;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>With which environment, user, directory and limits a command runs here.</summary>
internal sealed class ExecPlanning(AgentSite site, EnvSource envs)
{
    private const string Shell = "/bin/sh";

    // What only the instance's own process may say.
    private static readonly string[] NotForCommands = [LaunchBuilder.NotifySocketEnv, "WATCHDOG_USEC", "WATCHDOG_PID"];

    public ExecPlan Plan(ExecRequest request, AgentState? state)
    {
        var command = request.Command.IsEmpty ? [Shell] : request.Command;
        if (request.Instance is not { } instance)
        {
            return OfHost(command);
        }

        if (state?.Instances.GetValueOrDefault(instance) is not { } there)
        {
            return new ExecPlan.Refused($"{instance} is not on {site.Host} any more", "zurg status says where it is");
        }

        return there.Launch is { } running ? OfInstance(there, running, command)
            : envs.Next(there) is LaunchOutcome.Built built ? OfInstance(there, built.Launch, command)
            : new ExecPlan.Refused($"this agent's build does not understand the spec of {instance}", "upgrade the agent");
    }

    private ExecPlan.Ready OfHost(ImmutableArray<string> command)
    {
        var home = UserAccount.Find(Environment.UserName)?.Home ?? "/";
        var env = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)
            .Add("PATH", Preparation.Path)
            .Add("HOME", home)
            .Add("USER", Environment.UserName)
            .Add("ZURG_HOST", site.Host.Value)
            .Add("ZURG_CELL", site.Cell.Value)
            .Add("ZURG_SOCKET", site.Socket);
        return new ExecPlan.Ready(new SpawnRequest
        {
            Executable = Find(command[0], home, []),
            Args = command[1..],
            Env = env,
            WorkingDirectory = Directory.Exists(home) ? home : "/",
            Output = -1,
        });
    }

    private ExecPlan.Ready OfInstance(InstanceState instance, Launch launch, ImmutableArray<string> command)
    {
        var spec = instance.Assigned.Spec;
        var release = site.Paths.Release(spec.Release);
        return new ExecPlan.Ready(new SpawnRequest
        {
            Executable = Find(command[0], release, [release]),
            Args = command[1..],
            Env = launch.Env.RemoveRange(NotForCommands),
            WorkingDirectory = launch.WorkingDirectory,
            Output = -1,
            User = spec.User,
            Group = spec.Group,
            Groups = spec.Groups,
            Umask = spec.Umask,
            Nice = spec.Nice,
            Limits = HostLimits.AbilityWith(site.Cgroups).LimitsOf(spec.Limits),
        });
    }

    /// <summary>A bare name is looked for where a shell would; a path is absolute or inside <paramref name="root"/>.</summary>
    private static string Find(string program, string root, ImmutableArray<string> first)
    {
        var places = program.Contains('/', StringComparison.Ordinal) ? [root] : first.AddRange(Preparation.Path.Split(':'));
        return places.Select(place => Path.Combine(place, program)).FirstOrDefault(File.Exists) ?? Path.Combine(root, program);
    }
}
