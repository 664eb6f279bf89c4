using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Problems as they are found, up to a limit: a file of 1 MiB may hold a hundred thousand, and nobody reads those.
/// </summary>
public sealed class ProblemList
{
    private readonly ImmutableArray<Problem>.Builder _found = ImmutableArray.CreateBuilder<Problem>();

    public const int ProblemsMax = 100;

    /// <summary>No more are kept; looking further is a waste.</summary>
    public bool Full => _found.Count > ProblemsMax;

    public bool IsEmpty => _found.Count == 0;

    /// <param name="mend">Asked only when the problem is kept: a guess over many names costs time.</param>
    public void Add(string path, string text, Func<string?> mend)
    {
        if (!Full)
        {
            Add(new Problem(path, text, mend()));
        }
    }

    public void Add(string path, string text, string? mend = null) => Add(path, text, () => mend);

    public void Add(string path, (string Text, string Mend)? problem)
    {
        if (problem is { } found)
        {
            Add(path, found.Text, found.Mend);
        }
    }

    public void Add(Problem problem)
    {
        if (!Full)
        {
            _found.Add(_found.Count < ProblemsMax
                ? problem
                : new Problem("", $"there are more than {ProblemsMax} problems", "mend these first"));
        }
    }

    public ImmutableArray<Problem> ToImmutable() => _found.ToImmutable();
}
