using System.Globalization;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using Zurg.Protocol;

namespace Zurg.Master.Intent;

/// <summary>
/// Another release in a cluster.yaml: one value is replaced where it stands, and every comment and byte around it is kept.
/// </summary>
public static class ReleaseEdit
{
    /// <returns>The new text, which says the same as before but for this one release; or why it cannot be made.</returns>
    public static (string? Text, Problem? Problem) Replace(string text, ServiceName service, ReleaseId release)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"services.{service}.release");
        if (SpecReader.Read(text) is not SpecReading.Read(_, var spec))
        {
            return (null, new Problem(path, "the applied text can no longer be read by this build", Mend(service, release)));
        }

        if (SpanOf(text, service) is not { } span)
        {
            return (null, new Problem(
                path, "the release of this service is not written as a plain value", Mend(service, release)));
        }

        var value = WordFor(release, service, text[span.Start..span.End]);
        var meant = JsonOf(spec.With(service, release));
        foreach (var written in (string[])[$"{span.Quote}{value}{span.Quote}", $"\"{value}\""])
        {
            var edited = $"{text[..span.Start]}{written}{text[span.End..]}";
            if (SpecReader.Read(edited) is SpecReading.Read(_, var read) && JsonOf(read) == meant)
            {
                return (edited, null);
            }
        }

        return (null, new Problem(
            path, "this release cannot be replaced without touching anything else", Mend(service, release), span.Line,
            span.Column));
    }

    private static ClusterSpec With(this ClusterSpec spec, ServiceName service, ReleaseId release) => spec with
    {
        Services =
        [
            .. spec.Services.Select(s =>
                s.Name == service ? s with { Instance = s.Instance with { Release = release } } : s),
        ],
    };

    /// <summary>A version alone, where that means the same and was so written.</summary>
    private static string WordFor(ReleaseId release, ServiceName service, string before) =>
        release.Name.Value == service.Value && !before.Contains('@', StringComparison.Ordinal)
            ? release.Version.Value
            : release.Value;

    /// <summary>Where the value stands, by the parser's own marks.</summary>
    private static Span? SpanOf(string text, ServiceName service)
    {
        var bom = text.StartsWith('\uFEFF') ? 1 : 0;
        var parser = new Parser(new StringReader(text[bom..]));
        string[] path = ["services", service.Value, "release"];
        parser.Consume<StreamStart>();
        parser.Consume<DocumentStart>();
        foreach (var key in path)
        {
            if (!parser.TryConsume<MappingStart>(out _) || !Seek(parser, key))
            {
                return null;
            }
        }

        return parser.TryConsume<Scalar>(out var scalar) && scalar.Style
            is ScalarStyle.Plain or ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted
            ? new Span(
                (int)scalar.Start.Index + bom, (int)scalar.End.Index + bom,
                scalar.Style switch { ScalarStyle.SingleQuoted => "'", ScalarStyle.DoubleQuoted => "\"", _ => "" },
                (int)scalar.Start.Line, (int)scalar.Start.Column)
            : null;
    }

    /// <summary>Consumes keys and values up to this key, and the key itself.</summary>
    private static bool Seek(Parser parser, string key)
    {
        while (parser.TryConsume<Scalar>(out var found))
        {
            if (found.Value == key)
            {
                return true;
            }

            parser.SkipThisAndNestedEvents();
        }

        return false;
    }

    private static string JsonOf(ClusterSpec spec) => JsonSerializer.Serialize(spec, WireJson.Default.ClusterSpec);

    private static string Mend(ServiceName service, ReleaseId release) =>
        $"change it in cluster.yaml by hand: services.{service}.release: {release.Version}, and apply";

    private readonly record struct Span(int Start, int End, string Quote, int Line, int Column);
}
