using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>
/// Whether a running process goes by what its generated files say: not while a changed one waits for a signal, and never again
/// when one asks for a restart: the next incarnation does.
/// </summary>
internal sealed class UnreadFiles
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _signals = new(StringComparer.Ordinal);
    private TemplateData? _written;
    private bool _needsRestart;

    /// <param name="changed">Files whose text is another one than the process may have read.</param>
    /// <returns>What the process goes by now, when that is news.</returns>
    public TemplateData? Wrote(TemplateData data, ImmutableArray<TemplateSpec> changed)
    {
        lock (_lock)
        {
            _written = data;
            _needsRestart |= changed.Any(t => t.Then == TemplateThen.Restart);
            _signals.UnionWith(changed.Where(t => t.Then == TemplateThen.Reload).Select(t => t.Signal ?? ""));
            return Take_NeedsLock();
        }
    }

    /// <summary>Sent after the files were written, whatever it was sent for.</summary>
    public TemplateData? Signalled(string signal)
    {
        lock (_lock)
        {
            _signals.Remove(signal);
            return Take_NeedsLock();
        }
    }

    private TemplateData? Take_NeedsLock()
    {
        if (_needsRestart || _signals.Count > 0)
        {
            return null;
        }

        var written = _written;
        _written = null;
        return written;
    }
}
