using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using Zurg.Core;

namespace Zurg.Master.Intent;

/// <summary>
/// What may stand somewhere in cluster.yaml. Taken from the draft records by reflection, once; the binder, the editor's schema
/// and the reference are all driven by it, so they cannot disagree.
/// </summary>
internal abstract record DraftShape
{
    private static readonly ConcurrentDictionary<Type, Section> Sections = new();

    private DraftShape()
    {
    }

    public sealed record Text : DraftShape;

    public sealed record Number : DraftShape;

    /// <summary>A number that may have a fraction.</summary>
    public sealed record Fraction : DraftShape;

    public sealed record Flag : DraftShape;

    /// <param name="OneAlone">A single text may stand without brackets.</param>
    public sealed record ListOf(DraftShape Item, bool OneAlone) : DraftShape;

    /// <summary>Names of the person's own choice.</summary>
    public sealed record MapOf(DraftShape Value) : DraftShape;

    /// <summary>A record: keys that are ours.</summary>
    public sealed record Section(Type Type, DocAttribute Doc, ImmutableArray<Field> Fields) : DraftShape
    {
        public IEnumerable<string> Keys => Fields.Select(f => f.Key);

        /// <summary>Flags that may stand as a word in place of the section.</summary>
        public IEnumerable<Field> Words => Fields.Where(f => f.Doc.Form is DraftForm.Word);

        public Field? Find(string key) => Fields.FirstOrDefault(f => f.Key == key);
    }

    public sealed record Field(string Key, DocAttribute Doc, DraftShape Shape, PropertyInfo Property);

    public static Section Root { get; } = SectionOf(typeof(ClusterDraft));

    private static Section SectionOf(Type type) => Sections.GetOrAdd(type, t => new Section(
        t, t.GetCustomAttribute<DocAttribute>() ?? throw new InvalidOperationException($"{t.Name} has no Doc"),
        [.. t.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(FieldOf)]));

    private static Field FieldOf(PropertyInfo property)
    {
        var doc = property.GetCustomAttribute<DocAttribute>()
            ?? throw new InvalidOperationException($"{property.DeclaringType?.Name}.{property.Name} has no Doc");
        return new Field(
            JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), doc,
                ShapeOf(property.PropertyType, doc.Form is DraftForm.OneOrMany), property);
    }

    private static DraftShape ShapeOf(Type nullable, bool oneAlone)
    {
        var type = Nullable.GetUnderlyingType(nullable) ?? nullable;
        var generic = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        return type == typeof(string) ? new Text()
            : type == typeof(int) ? new Number()
            : type == typeof(double) ? new Fraction()
            : type == typeof(bool) ? new Flag()
            : generic == typeof(ImmutableArray<>) ? new ListOf(ShapeOf(type.GetGenericArguments()[0], oneAlone: false), oneAlone)
            : generic == typeof(ImmutableSortedDictionary<,>) ? new MapOf(ShapeOf(type.GetGenericArguments()[1], oneAlone))
            : SectionOf(type);
    }
}
