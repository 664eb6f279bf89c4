using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>From a spec that was read to the numbered revision that is stored.</summary>
public static class SpecCompiler
{
    /// <param name="basedOn">What the author had seen as newest; 0 for nothing.</param>
    /// <param name="revertOf">The number whose text this repeats, for a revert.</param>
    public static AppliedSpec Compile(
        ClusterSpec spec, string text, string author, DateTimeOffset now, SpecNumber basedOn, SpecNumber number,
            SpecNumber? revertOf) => new()
    {
        Number = number,
        Author = author,
        At = now,
        Text = text,
        Spec = spec,
        InstanceDigests = Digests(spec),
        OwnDigests = OwnDigests(spec),
        BasedOn = basedOn,
        RevertOf = revertOf,
    };

    private static ImmutableSortedDictionary<ServiceName, Digest> Digests(ClusterSpec spec) =>
        spec.Services.ToImmutableSortedDictionary(s => s.Name, s => SpecDigest.Of(s.Instance));

    private static ImmutableSortedDictionary<InstanceId, Digest>? OwnDigests(ClusterSpec spec)
    {
        var own = spec.Services
            .SelectMany(s => s.PerInstance?.Keys.Select(index => (Service: s, Index: index)) ?? [])
            .ToImmutableSortedDictionary(
                i => new InstanceId(i.Service.Name, i.Index), i => SpecDigest.Of(i.Service.InstanceOf(i.Index)));
        return own.IsEmpty ? null : own;
    }
}
