using System.Collections.Immutable;
using Zurg.Agent.Processes;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>What came of all templates of one instance.</summary>
internal abstract record TemplatesOutcome
{
    private TemplatesOutcome()
    {
    }

    /// <param name="Changed">Those whose file has another text than before.</param>
    public sealed record Written(ImmutableArray<TemplateSpec> Changed) : TemplatesOutcome;

    public sealed record Held(Hold Hold) : TemplatesOutcome;
}

/// <summary>The templates of one instance, and where they are read and written.</summary>
/// <param name="Directory">The instance's own; files are made in it only.</param>
/// <param name="Owner">Gets the files; the agent's own user when null.</param>
internal sealed record InstanceTemplates(
    ImmutableArray<TemplateSpec> Templates, string ReleaseDirectory, string Directory, UserAccount? Owner)
{
    /// <summary>All are rendered before the first is written: one that fails leaves the others as they were.</summary>
    public TemplatesOutcome Write(TemplateData data)
    {
        var made = new List<(TemplateSpec Template, string Path, string Text)>();
        foreach (var template in Templates)
        {
            switch (Render(template, data, out var path))
            {
                case TemplateOutcome.Rendered rendered:
                    made.Add((template, path, rendered.Text));
                    break;
                case TemplateOutcome.Held held:
                    return new TemplatesOutcome.Held(held.Hold);
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        }

        var changed = ImmutableArray.CreateBuilder<TemplateSpec>();
        foreach (var (template, path, text) in made)
        {
            try
            {
                if (GeneratedFile.Read(path) != text)
                {
                    GeneratedFile.Write(path, text, Owner);
                    changed.Add(template);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new TemplatesOutcome.Held(
                    TemplateRenderer.Held(
                        $"{template.To} cannot be written: {e.Message}", "free the path, or space on the disk").Hold);
            }
        }

        return new TemplatesOutcome.Written(changed.ToImmutable());
    }

    private TemplateOutcome Render(TemplateSpec template, TemplateData data, out string path)
    {
        path = GeneratedFile.Inside(Directory, template.To) ?? "";
        if (path.Length == 0)
        {
            return TemplateRenderer.Held(
                $"{template.To} leads out of the instance's directory",
                "name a file inside it in to:, and let no link be on the way");
        }

        if (GeneratedFile.Inside(ReleaseDirectory, template.From) is not { } from || !File.Exists(from))
        {
            return TemplateRenderer.Held(
                $"the release {data.Assigned.Spec.Release} has no template {template.From}",
                "correct from:, or push a version that has it");
        }

        return new FileInfo(from).Length > TemplateRenderer.LengthMax
            ? TemplateRenderer.Held($"template {template.From} is larger than {TemplateRenderer.LengthMax} bytes", null)
            : TemplateRenderer.Render(template, File.ReadAllText(from), data);
    }
}
