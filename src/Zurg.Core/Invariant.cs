using System.Diagnostics.CodeAnalysis;

namespace Zurg.Core;

/// <summary>What must be true whatever the input. A broken one is a bug and ends the process (STYLE.md rule 10).</summary>
public static class Invariant
{
    /// <exception cref="InvariantException">It does not hold.</exception>
    public static void Check([DoesNotReturnIf(false)] bool holds, string broken)
    {
        if (!holds)
        {
            throw new InvariantException(broken);
        }
    }
}

/// <summary>Never caught: the process that has lost its way ends, and its successor starts from what is durable.</summary>
public sealed class InvariantException(string broken) : Exception(broken);
