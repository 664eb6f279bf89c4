namespace Zurg.Core;

/// <summary>
/// What a key of cluster.yaml means, for people. The editor's schema (docs/cluster.schema.json) and the reference
/// (docs/cluster-yaml.md) are generated from these, so a key cannot be there and be undocumented.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class)]
public sealed class DocAttribute(string text) : Attribute
{
    public string Text { get; } = text;

    /// <summary>The value as YAML, as it would stand behind the key.</summary>
    public string? Example { get; init; }

    /// <summary>What holds when the key is not written; null when there is nothing to say. Defaults fills it in.</summary>
    public string? Default { get; init; }

    public DraftForm Form { get; init; }

    /// <summary>Must be written.</summary>
    public bool Required { get; init; }
}

/// <summary>What shape a text has, beyond being one.</summary>
public enum DraftForm
{
    Plain,
    Name,
    Duration,
    Size,
    Release,

    /// <summary>A share such as 5% or a size.</summary>
    FreeLimit,
    Batch,
    Port,
    StopSignal,
    ReloadSignal,
    AutoOrManual,

    /// <summary>A size, or unlimited.</summary>
    Limit,
    Enforce,
    WatchdogKeep,

    /// <summary>For a flag: may stand as a word in place of the whole section, such as `probe: none`.</summary>
    Word,

    /// <summary>For a list of texts: one alone may stand without brackets.</summary>
    OneOrMany,
}
