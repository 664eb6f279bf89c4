using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>Subscribers that are parts of this agent: an instance's generated files, and connections that it carries.</summary>
internal static class OwnSubscribers
{
    // No process can ask for parts with these names.
    private const string FilesPart = "files/";
    private const string RelayPart = "relay/";

    private static readonly Lazy<ProcessIdentity> ThisProcess = new(
        () => ProcessStat.Read(Environment.ProcessId)?.Identity ?? throw new InvalidOperationException("/proc is not there"));

    public static ProcessIdentity Process => ThisProcess.Value;

    /// <summary>The generated files of an incarnation are this agent's to keep in step: a subscriber like others.</summary>
    public static SubscriberId OfFiles(InstanceId instance, Incarnation incarnation) =>
        new(Process, $"{FilesPart}{instance}#{incarnation}");

    public static string NameOfFiles(InstanceId instance) => $"the generated files of {instance}";

    /// <summary>Connections that this agent carries for programs: they end with it.</summary>
    public static SubscriberId OfRelay(long number) => new(Process, $"{RelayPart}{number}");

    public static bool IsRelay(string part) => part.StartsWith(RelayPart, StringComparison.Ordinal);

    public static bool IsFiles(string part) => part.StartsWith(FilesPart, StringComparison.Ordinal);

    /// <summary>Whose generated files a part is; null when it is none of them.</summary>
    public static InstanceId? FilesOf(string part) =>
        IsFiles(part) && InstanceId.TryParse(part[FilesPart.Length..part.LastIndexOf('#')], null, out var instance)
            ? instance
            : null;
}
