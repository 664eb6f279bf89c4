using System.Collections.Immutable;
using System.Diagnostics;
using Zurg.Agent.Processes;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>A generated file that somebody had changed by hand and that has its text again.</summary>
/// <param name="What">One sentence for people.</param>
internal sealed record RestoredFile(TemplateSpec Template, string What);

/// <summary>What came of all templates of one instance.</summary>
internal abstract record TemplatesOutcome
{
    private TemplatesOutcome()
    {
    }

    /// <param name="Changed">Those that make another text than the last time that this was said.</param>
    /// <param name="Restored">Those whose file was not as it was left.</param>
    public sealed record Written(ImmutableArray<TemplateSpec> Changed, ImmutableArray<RestoredFile> Restored) : TemplatesOutcome;

    /// <param name="Again">Time alone may mend it: a disk that was full.</param>
    public sealed record Held(Hold Hold, bool Again) : TemplatesOutcome;
}

/// <summary>The templates of one instance, and where they are read and written. Used by one at a time.</summary>
/// <param name="directory">The instance's own; files are made in it only.</param>
/// <param name="owner">Gets the files; the agent's own user when null.</param>
internal sealed class InstanceTemplates(
    AssignedInstance assigned, string releaseDirectory, string directory, UserAccount? owner, ConfigHistory history)
{
    private bool _looked;
    private ImmutableSortedDictionary<string, string>? _inputs;

    // Written, and nobody was told yet: another file could not be written, or the agent ended in between.
    private ImmutableSortedSet<string>? _untold;
    private bool _hasUnread;

    /// <summary>How the files look now: another answer than before means that somebody touched one.</summary>
    public ImmutableArray<FileMark> Marks() => [.. assigned.Spec.Templates.Select(t => FileOf(t).Mark())];

    /// <summary>All are rendered and looked at before the first is written: one that fails leaves the others alone.</summary>
    public TemplatesOutcome Write(TemplateData data)
    {
        var made = new List<Making>();
        foreach (var template in assigned.Spec.Templates)
        {
            try
            {
                switch (Render(template, data, out var source))
                {
                    case TemplateOutcome.Rendered rendered:
                        made.Add(new Making(template, source, rendered.Text, FileOf(template).Look()));
                        break;
                    case TemplateOutcome.Held held:
                        return new TemplatesOutcome.Held(held.Hold, Again: false);
                    default:
                        throw new UnreachableException();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return HeldBy(template, "looked at", e);
            }
        }

        return Write(made, TemplateInputs.Of(data));
    }

    /// <summary>The process goes by all that was written.</summary>
    public void AreRead()
    {
        if (_hasUnread)
        {
            history.DropUnread(assigned.Instance);
            _hasUnread = false;
        }
    }

    private TemplatesOutcome Write(List<Making> made, ImmutableSortedDictionary<string, string> inputs)
    {
        var before = _inputs ?? history.InputsOf(assigned.Instance);
        var isAny = false;
        var untold = _untold ?? history.Unread(assigned.Instance);
        _hasUnread |= !untold.IsEmpty;
        var restored = ImmutableArray.CreateBuilder<RestoredFile>();
        foreach (var making in made)
        {
            try
            {
                var (isChanged, what) = Write(making, before, inputs);
                if (isChanged)
                {
                    isAny = true;
                    untold = untold.Add(making.Template.To);
                }

                if (what is not null)
                {
                    restored.Add(new RestoredFile(making.Template, what));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _untold = untold;
                return HeldBy(making.Template, "written", e);
            }
        }

        if (isAny)
        {
            history.KeepInputs(assigned.Instance, inputs);
        }

        (_looked, _inputs, _untold) = (true, inputs, untold.Clear());
        return new TemplatesOutcome.Written(
            [.. made.Select(m => m.Template).Where(t => untold.Contains(t.To))], restored.ToImmutable());
    }

    /// <returns>Whether its text is another one, and what was done about an edit by hand.</returns>
    private (bool Changed, string? Restored) Write(
        Making making, ImmutableSortedDictionary<string, string>? before, ImmutableSortedDictionary<string, string> now)
    {
        var (template, source, text, found) = making;
        var (instance, to) = (assigned.Instance, template.To);
        var digest = Digest.Of(System.Text.Encoding.UTF8.GetBytes(text));
        var newest = history.Newest(instance, to);
        var edited = newest is { } last && found.Digest != last.Digest
            && (_looked || found.Digest is not { } left || !history.Knows(instance, to, left));
        var what = newest is null ? null
            : edited ? KeepEdit(to, found, newest.Value.Number)
            : found is { AsMade: false, Digest: not null } ? $"mode or owner of {to} had been changed by hand: set as before"
            : null;
        var changed = found.Digest != digest && newest?.Digest != digest;
        if (changed && found.Digest is not null && template.Then is TemplateThen.Restart or TemplateThen.Reload)
        {
            history.KeepUnread(instance, to);
            _hasUnread = true;
        }

        if (newest?.Digest != digest)
        {
            WriteNew(template, text, newest is null ? "first rendered" : TemplateInputs.Why(before, now, source));
        }
        else if (found.Digest != digest || !found.AsMade)
        {
            FileOf(template).Write(text);
        }

        return (changed, what);
    }

    /// <summary>First into the history: a file that it does not know would look like an edit by hand.</summary>
    private void WriteNew(TemplateSpec template, string text, string why)
    {
        var number = history.Keep(assigned.Instance, template.To, text, why, byHand: false);
        try
        {
            FileOf(template).Write(text);
        }
        catch
        {
            history.Drop(assigned.Instance, template.To, number);
            throw;
        }
    }

    private string KeepEdit(string to, FoundFile found, long last)
    {
        if (found.Digest is null)
        {
            return $"{to} had been deleted by hand: made again";
        }

        if (found.Text is null)
        {
            return $"{to} had been replaced by something larger than any generated file: put back";
        }

        var instance = assigned.Instance;
        var why = $"written by hand in place of version {last}; put back";
        var number = history.Keep(instance, to, found.Text, why, byHand: true);
        return $"{to} had been edited by hand: put back"
            + (number == 0 ? "" : $"; what was written there is kept: zurg history --config {instance} --diff {last}..{number}");
    }

    private GeneratedFile FileOf(TemplateSpec template) => new(directory, template.To, owner);

    private static TemplatesOutcome.Held HeldBy(TemplateSpec template, string what, Exception e) => e is LeadsOutException
        ? new TemplatesOutcome.Held(
            TemplateRenderer.Held(e.Message, "name a file inside it in to:, and let no link be on the way").Hold, Again: true)
        : new TemplatesOutcome.Held(
            TemplateRenderer.Held($"{template.To} cannot be {what}: {e.Message}", "free the path, or space on the disk").Hold,
            Again: true);

    private TemplateOutcome Render(TemplateSpec template, TemplateData data, out string source)
    {
        source = "";
        if (ReleaseFile(template.From) is not { } from || !File.Exists(from))
        {
            return TemplateRenderer.Held(
                $"the release {data.Assigned.Spec.Release} has no template {template.From}",
                "correct from:, or push a version that has it");
        }

        if (new FileInfo(from).Length > TemplateRenderer.LengthMax)
        {
            return TemplateRenderer.Held($"template {template.From} is larger than {TemplateRenderer.LengthMax} bytes", null);
        }

        source = File.ReadAllText(from);
        return TemplateRenderer.Render(template, source, data);
    }

    /// <summary>Null when it leads out of the release, by '..' or by a link on the way.</summary>
    private string? ReleaseFile(string path)
    {
        var full = Path.GetFullPath(Path.Combine(releaseDirectory, path));
        if (!full.StartsWith(releaseDirectory + '/', StringComparison.Ordinal))
        {
            return null;
        }

        for (var part = full; part.Length > releaseDirectory.Length; part = Path.GetDirectoryName(part)!)
        {
            if (new FileInfo(part).LinkTarget is not null)
            {
                return null;
            }
        }

        return full;
    }

    private sealed record Making(TemplateSpec Template, string Source, string Text, FoundFile Found);
}
