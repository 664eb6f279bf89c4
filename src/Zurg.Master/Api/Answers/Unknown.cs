using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>Names that are not there, with the nearest that are.</summary>
internal static class Unknown
{
    public static Problem404 Service(ServiceName service, IEnumerable<ServiceName> known) =>
        new(
            $"there is no service '{service}'",
            Mend(service.Value, [.. known.Select(k => k.Value)], "apply a cluster.yaml that names it"));

    public static Problem404 Instance(InstanceId instance, IEnumerable<InstanceId> known) =>
        new($"there is no instance '{instance}'", Mend(instance.Value, [.. known.Select(k => k.Value)], "see: zurg status"));

    public static Problem404 Host(HostId host, IEnumerable<HostId> known) =>
        new(
            $"there is no host '{host}'",
            Mend(host.Value, [.. known.Select(k => k.Value)], "start its agent: zurg agent --help"));

    public static Problem404 Release(ReleaseId release, IEnumerable<ReleaseId> known) =>
        new($"there is no release {release}", ReleaseMend(release, known));

    /// <summary>What would be right instead of a release that is not there.</summary>
    public static string ReleaseMend(ReleaseId release, IEnumerable<ReleaseId> known)
    {
        var all = known.ToList();
        var versions = all.Where(k => k.Name == release.Name).Select(k => k.Version.Value).ToList();
        var push = $"push it: zurg release push {release.Name} {release.Version} DIR";
        if (versions.Count > 0)
        {
            return $"{Words.DidYouMean(release.Version.Value, versions) ?? Words.OneOf("pushed are ", versions, "")}, or {push}";
        }

        return Words.DidYouMean(release.Name.Value, all.Select(k => k.Name.Value).Distinct(StringComparer.Ordinal)) is { } guess
            ? $"{guess}, or {push}"
            : push;
    }

    private static string Mend(string text, string[] known, string whenNone) =>
        Words.DidYouMean(text, known) ?? Words.OneOf("there are ", known, whenNone);
}
