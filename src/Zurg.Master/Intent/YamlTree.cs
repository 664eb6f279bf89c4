using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Intent;

/// <summary>
/// Text to tree through the parser's events, counting while they stream: too deep, an anchor, an alias, a tag or a second
/// document ends it there, before anything was built of it. Duplicate keys are told and the rest is read on.
/// </summary>
internal sealed class YamlTree
{
    public const int DepthMax = 32;
    public const int KeyLengthMax = 256;

    private readonly Parser _parser;
    private readonly string _text;
    private readonly ProblemList _problems;
    private Place _last = new(1, 1);

    private YamlTree(string text, ProblemList problems)
    {
        _text = text;
        _problems = problems;
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>Null when there is no tree; the problems then hold exactly one that says why.</summary>
    public static YamlNode? Read(string text, ProblemList problems)
    {
        var tree = new YamlTree(text, problems);
        try
        {
            return tree.Document();
        }
        catch (StopReading stop)
        {
            problems.Add(stop.Problem);
        }
        catch (YamlException e)
        {
            problems.Add(NotYaml(text, e));
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException or OverflowException
            or IndexOutOfRangeException)
        {
            // The parser is not ours and its input is anybody's: what it trips over is the text's fault, not a fault of the
            // master. It says no place: the last thing that it understood is the nearest one.
            problems.Add(new Problem("", "this is not YAML from here on",
                "look here and in the next lines: a missing quote, bracket, ',' or ':', or a strange escape",
                tree._last.Line, tree._last.Column));
        }
        return null;
    }

    private YamlNode? Document()
    {
        Next();                                                             // the stream's start
        if (Next() is not DocumentStart)
        {
            return null;
        }
        var root = Node(Next(), depth: 0);
        Next();                                                             // the document's end
        if (Next() is DocumentStart second)
        {
            throw Stop(second, "a second document begins here", "keep one: remove the line '---' and what follows");
        }
        return root;
    }

    private YamlNode Node(ParsingEvent e, int depth)
    {
        if (depth > DepthMax)
        {
            throw Stop(e, $"this is nested deeper than {DepthMax} levels",
                "no key of cluster.yaml lies deeper than 6: look for a stray bracket or indentation");
        }
        if (e is NodeEvent { Anchor.IsEmpty: false })
        {
            throw Stop(e, "anchors (&name) are not read here", "write the value out where it is needed");
        }
        if (e is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } tag })
        {
            throw Stop(e, $"tags ({Words.Shorten(tag.Value)}) are not read here",
                "remove it: the key alone says what the value is");
        }
        return e switch
        {
            Scalar scalar => new YamlNode.Scalar(At(e), scalar.Value, scalar.Style is ScalarStyle.Plain),
            SequenceStart => Sequence(e, depth),
            MappingStart => Mapping(e, depth),
            AnchorAlias => throw Stop(e, "aliases (*name) are not read here", "write the value out where it is needed"),
            _ => throw Stop(e, "this is not YAML", null),
        };
    }

    private YamlNode.Sequence Sequence(ParsingEvent start, int depth)
    {
        var items = ImmutableArray.CreateBuilder<YamlNode>();
        for (var e = Next(); e is not SequenceEnd; e = Next())
        {
            items.Add(Node(e, depth + 1));
        }
        return new YamlNode.Sequence(At(start), items.ToImmutable());
    }

    private YamlNode.Mapping Mapping(ParsingEvent start, int depth)
    {
        var entries = ImmutableArray.CreateBuilder<YamlNode.Entry>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var e = Next(); e is not MappingEnd; e = Next())
        {
            if (Node(e, depth + 1) is not YamlNode.Scalar key)
            {
                throw Stop(e, "a list or a map cannot be a key",
                    "write a name before the ':'; text that begins with [ or { needs quotes");
            }
            if (key.Value.Length is 0 or > KeyLengthMax)
            {
                throw Stop(e, key.Value.Length == 0 ? "a key is missing before the ':'"
                    : $"this key is longer than {KeyLengthMax} characters",
                    "write a name before the ':'");
            }
            var value = Node(Next(), depth + 1);
            if (lines.TryAdd(key.Value, key.At.Line))
            {
                entries.Add(new YamlNode.Entry(key.Value, key.At, value));
            }
            else
            {
                _problems.Add(new Problem("",
                    $"{Words.Quote(key.Value)} is written twice: it is in line {lines[key.Value]} already",
                    "keep one of them", key.At.Line, key.At.Column));
            }
        }
        return new YamlNode.Mapping(At(start), entries.ToImmutable());
    }

    private ParsingEvent Next()
    {
        if (!_parser.MoveNext())
        {
            throw new StopReading(new Problem("", "the file ends too early", null, LineCount(_text), 1));
        }
        _last = At(_parser.Current!);
        return _parser.Current!;
    }

    private static Place At(ParsingEvent e) => new((int)e.Start.Line, (int)e.Start.Column);

    private static StopReading Stop(ParsingEvent e, string text, string? mend) =>
        new(new Problem("", text, mend, (int)e.Start.Line, (int)e.Start.Column));

    private static Problem NotYaml(string text, YamlException e)
    {
        if (FirstIndentingTab(text) is { } tab)
        {
            return new Problem("", "a tab stands where YAML wants spaces", "indent with spaces, never with tabs", tab.Line,
                tab.Column);
        }
        return new Problem("", $"this is not YAML: {Reason(e)}",
            "look at this place and just before it: a missing quote, bracket, ':' or indentation",
            Math.Max(1, (int)e.Start.Line), Math.Max(1, (int)e.Start.Column));
    }

    /// <summary>The parser tells of it where the mapping around it began, which helps nobody.</summary>
    private static Place? FirstIndentingTab(string text)
    {
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            var indentation = line[..(line.Length - line.TrimStart().Length)];
            if (indentation.Length < line.Length && indentation.IndexOf('\t') is >= 0 and var column)
            {
                return new Place(number, column + 1);
            }
        }
        return null;
    }

    private static string Reason(YamlException e)
    {
        var message = (e.InnerException as YamlException ?? e).Message.Trim().TrimEnd('.');
        return message.Length == 0 ? "it cannot be understood" : Words.Shorten(char.ToLowerInvariant(message[0]) + message[1..]);
    }

    private static int LineCount(string text) => text.AsSpan().Count('\n') + 1;

    /// <summary>Ends the reading at the first thing after which the rest could not be trusted.</summary>
    private sealed class StopReading(Problem problem) : Exception(problem.Text)
    {
        public Problem Problem { get; } = problem;
    }
}
