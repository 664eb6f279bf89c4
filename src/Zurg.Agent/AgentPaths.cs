using System.Text;
using Zurg.Protocol;

namespace Zurg.Agent;

/// <summary>Where the agent keeps what belongs to instances.</summary>
/// <param name="Directory">The agent's own, absolute.</param>
internal sealed record AgentPaths(string Directory)
{
    /// <summary>An instance's working directory, kept over its restarts.</summary>
    public string Instance(InstanceId instance) => Path.Combine(Directory, "instances", instance.Value);

    /// <summary>A release, laid out: see ReleasePaths, which owns it.</summary>
    public string Release(ReleaseId release) => new Artifacts.ReleasePaths(Directory).Tree(release);

    /// <summary>The core dumps that are kept: see CoreShelf, which owns it.</summary>
    public string Cores => Path.Combine(Directory, "cores");

    public string Logs => Path.Combine(Directory, "logs");

    /// <summary>What its processes append their stdout and stderr to, those of all incarnations.</summary>
    public string Log(InstanceId instance) => Path.Combine(Logs, instance.Value + ".log");

    /// <summary>What half dead processes were doing, one directory for each instance.</summary>
    public string Stacks => Path.Combine(Directory, "stacks");

    /// <summary>
    /// ZURG_INCARNATION: tells an incarnation from every other one on this machine, those of other agents too. It follows from
    /// what is known before the start, so a restarted agent finds even a process whose pid it never learned.
    /// </summary>
    public string Token(InstanceId instance, Incarnation incarnation) => $"{Key}/{instance}/{incarnation}";

    /// <summary>The abstract name of a notify probe's socket; at most 107 bytes.</summary>
    public string NotifyName(InstanceId instance, Incarnation incarnation) => $"zurg/{Token(instance, incarnation)}";

    /// <summary>12 hexadecimal digits that tell this agent's directory from others on the machine.</summary>
    public string Key => Digest.Of(Encoding.UTF8.GetBytes(Directory)).Short;
}
