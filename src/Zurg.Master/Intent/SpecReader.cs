using System.Collections.Immutable;
using System.Text;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Intent;

/// <summary>What came of reading a cluster.yaml.</summary>
public abstract record SpecReading
{
    private SpecReading()
    {
    }

    /// <param name="Text">As it was given.</param>
    public sealed record Read(string Text, ClusterSpec Spec) : SpecReading;

    /// <summary>Every problem found, in the file's order, each with line and column; nothing of the file counts.</summary>
    public sealed record Refused(ImmutableArray<Problem> Problems) : SpecReading;
}

/// <summary>cluster.yaml text to a spec. Never throws for anything that a text can hold, and takes time in proportion to its
/// size.</summary>
public static class SpecReader
{
    /// <summary>1 MiB of UTF-8.</summary>
    public const int BytesMax = 1 << 20;

    private const string EmptyMend = "a cluster.yaml begins with services:, and under it each service by name";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static SpecReading Read(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > BytesMax)
        {
            return TooBig(utf8.Length);
        }
        try
        {
            return Read(Utf8.GetString(utf8));
        }
        catch (DecoderFallbackException e)
        {
            var line = utf8[..Math.Clamp(e.Index, 0, utf8.Length)].Count((byte)'\n') + 1;
            return Refuse("this is no text: it holds bytes that are not UTF-8", "give a cluster.yaml, saved as UTF-8", line, 1);
        }
    }

    public static SpecReading Read(string text)
    {
        if (text.Length > BytesMax || Encoding.UTF8.GetByteCount(text) > BytesMax)
        {
            return TooBig(Encoding.UTF8.GetByteCount(text));
        }
        if (StrangeCharacter(text) is { } strange)
        {
            return strange;
        }
        var problems = new ProblemList();
        // Editors on Windows begin files with a byte order mark; the parser takes it for a part of the first key.
        var root = YamlTree.Read(text.StartsWith('\uFEFF') ? text[1..] : text, problems);
        if (root is null or YamlNode.Scalar { IsNull: true })
        {
            return problems.IsEmpty ? Refuse("the file is empty", EmptyMend, 1, 1) : Refused(problems);
        }
        if (root is not YamlNode.Mapping)
        {
            return Refuse("the file holds no keys", EmptyMend, root.At.Line, root.At.Column);
        }
        var draft = new DraftBinder(problems).Bind(root);
        Validate(draft, root, problems);
        return problems.IsEmpty ? new SpecReading.Read(text, Defaults.Fill(draft)) : Refused(problems);
    }

    /// <summary>Adds what Core finds, except where the binder found something already: one slip is told once.</summary>
    private static void Validate(ClusterDraft draft, YamlNode root, ProblemList problems)
    {
        var told = problems.ToImmutable().Where(p => p.Path.Length > 0).Select(p => p.Path).ToList();
        foreach (var problem in SpecValidator.Problems(draft))
        {
            var place = YamlNode.PlaceOf(root, problem.Path);
            if (!told.Exists(path => Concerns(path, problem.Path, draft)))
            {
                problems.Add(problem.Path.Length == 0 ? problem : problem with { Line = place.Line, Column = place.Column });
            }
        }
    }

    /// <summary>What could not be bound is missing from the draft: that it, or what it is a part of, lacks something is no
    /// news.</summary>
    private static bool Concerns(string told, string found, ClusterDraft draft) =>
        told.StartsWith(found, StringComparison.Ordinal)
        && (told.Length == found.Length
            || (told[found.Length] is '.' or '[' && draft.Services?.Keys.Any(name => found == $"services.{name}") is not true));

    private static SpecReading.Refused Refused(ProblemList problems) => new(
    [
        .. problems.ToImmutable()
            .OrderBy(p => p.Line ?? int.MaxValue).ThenBy(p => p.Column),
    ]);

    private static SpecReading.Refused TooBig(long bytes) =>
        Refuse($"the file has {Measures.Show(bytes)}", $"at most {Measures.Show((long)BytesMax)} are read", 1, 1);

    private static SpecReading.Refused? StrangeCharacter(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]) && text[i] is not ('\n' or '\r' or '\t' or '\u0085'))
            {
                var before = text.AsSpan(0, i);
                return Refuse($"this is no text: it holds the control character U+{(int)text[i]:X4}",
                    "give a cluster.yaml, saved as UTF-8",
                    before.Count('\n') + 1, i - before.LastIndexOf('\n'));
            }
        }
        return null;
    }

    private static SpecReading.Refused Refuse(string text, string mend, int line, int column) =>
        new([new Problem("", text, mend, line, column)]);
}
