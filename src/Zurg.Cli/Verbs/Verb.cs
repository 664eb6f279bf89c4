using System.Collections.Immutable;
using System.CommandLine;

namespace Zurg.Cli.Verbs;

/// <summary>One thing that people tell zurg to do. A verb chooses what to ask and what to show; showing is Rendering's.</summary>
internal abstract class Verb(string name, string summary) : Command(name, summary)
{
    /// <summary>Whole command lines, each with what it does after a '#'.</summary>
    public ImmutableArray<string> Examples { get; init; } = [];

    /// <summary>Ctrl-C is how this verb is meant to end, so it ends with exit code 0.</summary>
    public bool EndsByInterrupt { get; init; }

    public abstract Task<int> RunAsync(VerbCall call);
}
