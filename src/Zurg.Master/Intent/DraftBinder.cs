using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Intent;

/// <summary>Tree to drafts: unknown keys and wrong types become problems with their place; the rest is bound all the
/// same.</summary>
internal sealed class DraftBinder(ProblemList problems)
{
    private static readonly MethodInfo ListMethod = Generic(nameof(ListOf));
    private static readonly MethodInfo MapMethod = Generic(nameof(MapOf));

    public ClusterDraft Bind(YamlNode root) => (ClusterDraft?)Section(DraftShape.Root, root, "", null) ?? new ClusterDraft();

    private object? Value(DraftShape shape, YamlNode node, string path, DocAttribute? doc)
    {
        if (problems.Full)
        {
            return null;
        }
        return shape switch
        {
            DraftShape.Text => Text(node, path, doc),
            DraftShape.Number => Number(node, path, doc),
            DraftShape.Fraction => Fraction(node, path, doc),
            DraftShape.Flag => Flag(node, path, doc),
            DraftShape.ListOf list => List(list, node, path, doc),
            DraftShape.MapOf map => Map(map, node, path, doc),
            DraftShape.Section section => Section(section, node, path, doc),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private string? Text(YamlNode node, string path, DocAttribute? doc) => node switch
    {
        YamlNode.Scalar { IsNull: false } scalar => scalar.Value,
        YamlNode.Scalar => Wrong(node, path, "it has no value", doc?.Example is null ? "write \"\" for an empty text"
            : $"write for example {doc.Example}"),
        _ => Wrong(node, path, $"a text is expected here, not {NameOf(node)}", Example(doc)),
    };

    private object? Number(YamlNode node, string path, DocAttribute? doc) =>
        node is YamlNode.Scalar scalar
        && int.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : Wrong(node, path, $"a whole number is expected here, not {NameOf(node)}", Example(doc));

    private object? Fraction(YamlNode node, string path, DocAttribute? doc) =>
        node is YamlNode.Scalar scalar
        && double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number)
            ? number
            : Wrong(node, path, $"a number is expected here, not {NameOf(node)}", Example(doc));

    private object? Flag(YamlNode node, string path, DocAttribute? doc) => node is YamlNode.Scalar scalar
        ? scalar.Value switch
        {
            "true" or "True" or "TRUE" => true,
            "false" or "False" or "FALSE" => false,
            _ => Wrong(node, path, $"true or false is expected here, not {NameOf(node)}", Example(doc)),
        }
        : Wrong(node, path, $"true or false is expected here, not {NameOf(node)}", Example(doc));

    private object? List(DraftShape.ListOf shape, YamlNode node, string path, DocAttribute? doc)
    {
        switch (node)
        {
            case YamlNode.Sequence sequence:
                var items = sequence.Items.Select((item, index) => Value(shape.Item, item, $"{path}[{index}]", null));
                return ListMethod.MakeGenericMethod(TypeOf(shape.Item)).Invoke(null, [items.ToList()]);
            case YamlNode.Scalar { IsNull: true }:
                return null;
            case YamlNode.Scalar scalar when shape.OneAlone:
                return ImmutableArray.Create(scalar.Value);
            default:
                return Wrong(node, path, $"a list is expected here, not {NameOf(node)}", Example(doc));
        }
    }

    private object? Map(DraftShape.MapOf shape, YamlNode node, string path, DocAttribute? doc)
    {
        switch (node)
        {
            case YamlNode.Mapping mapping:
                var values = mapping.Entries.Select(e => (e.Key, Value(shape.Value, e.Value, $"{path}.{e.Key}", null)));
                return MapMethod.MakeGenericMethod(TypeOf(shape.Value)).Invoke(null, [values.ToList()]);
            case YamlNode.Scalar { IsNull: true }:
                return null;
            default:
                return Wrong(node, path, $"a map of names to values is expected here, not {NameOf(node)}", Example(doc));
        }
    }

    private object? Section(DraftShape.Section section, YamlNode node, string path, DocAttribute? doc)
    {
        var draft = Activator.CreateInstance(section.Type)!;
        switch (node)
        {
            case YamlNode.Mapping mapping:
                foreach (var entry in mapping.Entries)
                {
                    BindField(section, draft, mapping, entry, path);
                }
                return draft;
            case YamlNode.Scalar { IsNull: true }:
                // An empty service is told what it lacks; an empty policy is one that was not written.
                return section.Type == typeof(ServiceDraft) || section.Type == typeof(ClusterDraft) ? draft : null;
            case YamlNode.Scalar scalar when section.Words.FirstOrDefault(w => w.Key == scalar.Value) is { } word:
                word.Property.SetValue(draft, true);
                return draft;
            case YamlNode.Scalar scalar when section.Words.Any():
                return Wrong(node, path, $"{Words.Quote(scalar.Value)} is not known here",
                    Words.DidYouMean(scalar.Value, section.Words.Select(w => w.Key)) ?? Example(doc));
            default:
                return Wrong(node, path, $"keys with values are expected here, not {NameOf(node)}", Example(doc));
        }
    }

    private void BindField(DraftShape.Section section, object draft, YamlNode.Mapping mapping, YamlNode.Entry entry, string path)
    {
        var at = path.Length == 0 ? entry.Key : $"{path}.{entry.Key}";
        var field = section.Find(entry.Key);
        if (field is null && !problems.Full)
        {
            var meant = Words.Nearest(entry.Key, section.Keys);
            var mend = meant is null ? $"the keys here are {string.Join(", ", section.Keys)}" : $"did you mean '{meant}'?";
            problems.Add(new Problem(at, $"there is no key {Words.Quote(entry.Key)} here", mend, entry.KeyAt.Line,
                entry.KeyAt.Column));
            // Read on as if it had been written right, so that the file's other problems show and this one shows once.
            field = meant is null || mapping.Entries.Any(e => e.Key == meant) ? null : section.Find(meant);
        }
        field?.Property.SetValue(draft, Value(field.Shape, entry.Value, at, field.Doc));
    }

    private string? Wrong(YamlNode node, string path, string text, string? mend)
    {
        problems.Add(new Problem(path, text, mend, node.At.Line, node.At.Column));
        return null;
    }

    private static string? Example(DocAttribute? doc) => doc?.Example is null ? null : $"write for example {doc.Example}";

    private static string NameOf(YamlNode node) => node switch
    {
        YamlNode.Scalar { IsNull: true } => "nothing",
        YamlNode.Scalar scalar => Words.Quote(scalar.Value),
        YamlNode.Sequence => "a list",
        _ => "a map",
    };

    private static Type TypeOf(DraftShape shape) => shape switch
    {
        DraftShape.Text => typeof(string),
        DraftShape.ListOf list => typeof(ImmutableArray<>).MakeGenericType(TypeOf(list.Item)),
        DraftShape.MapOf map => typeof(ImmutableSortedDictionary<,>).MakeGenericType(typeof(string), TypeOf(map.Value)),
        DraftShape.Section section => section.Type,
        _ => throw new InvalidOperationException($"no list or map of {shape.GetType().Name} is known yet"),
    };

    private static MethodInfo Generic(string name) =>
        typeof(DraftBinder).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;

    private static ImmutableArray<T> ListOf<T>(IEnumerable items) => [.. items.Cast<object?>().OfType<T>()];

    private static ImmutableSortedDictionary<string, T> MapOf<T>(IEnumerable<(string Key, object? Value)> values) =>
        values.Where(v => v.Value is T).ToImmutableSortedDictionary(v => v.Key, v => (T)v.Value!, StringComparer.Ordinal);
}
