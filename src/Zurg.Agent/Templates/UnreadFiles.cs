using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>
/// Whether a running process goes by what its generated files say: of a changed one only once the signal that tells of it has
/// taken effect, and never when one asks for a restart: the next incarnation does.
/// </summary>
/// <param name="owed">Signals of an earlier agent that may not have taken effect.</param>
internal sealed class UnreadFiles(ImmutableArray<string> owed)
{
    /// <summary>So many times files can be written before one of them has taken effect; then two of them count as one.</summary>
    public const int OpenMax = 64;

    private const string Restart = "";

    private readonly Lock _lock = new();
    private readonly List<Writing> _open = owed.IsEmpty ? [] : [new Writing(0, null, [.. owed])];
    private long _number;

    /// <summary>The process goes by all that was written.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _open.Count == 0;
            }
        }
    }

    /// <param name="changed">Files whose text is another one than the process may have read.</param>
    /// <returns>What the process goes by now, when that is news.</returns>
    public TemplateData? Wrote(TemplateData data, ImmutableArray<TemplateSpec> changed)
    {
        lock (_lock)
        {
            var needs = changed.Where(t => t.Then is TemplateThen.Restart or TemplateThen.Reload)
                .Select(t => t.Then == TemplateThen.Restart ? Restart : t.Signal ?? Restart);
            _open.Add(new Writing(++_number, data, [.. needs]));
            if (_open.Count > OpenMax)
            {
                _open[^1].Needs.UnionWith(_open[^2].Needs);
                _open.RemoveAt(_open.Count - 2);
            }

            return Take_NeedsLock();
        }
    }

    /// <summary>To be called just before a signal is sent: it tells of all that is written by now.</summary>
    /// <returns>To be given back when it has taken effect.</returns>
    public long Sending()
    {
        lock (_lock)
        {
            return _number;
        }
    }

    /// <param name="upTo">What <see cref="Sending"/> said.</param>
    public TemplateData? TookEffect(string signal, long upTo)
    {
        lock (_lock)
        {
            foreach (var writing in _open.Where(w => w.Number <= upTo))
            {
                writing.Needs.Remove(signal);
            }

            return Take_NeedsLock();
        }
    }

    private TemplateData? Take_NeedsLock()
    {
        var taken = _open.TakeWhile(w => w.Needs.Count == 0).ToList();
        _open.RemoveRange(0, taken.Count);
        return taken.LastOrDefault()?.Data;
    }

    /// <param name="Data">Null: what an earlier agent wrote.</param>
    /// <param name="Needs">Signals that the process has to be told by before it goes by this.</param>
    private sealed record Writing(long Number, TemplateData? Data, HashSet<string> Needs);
}
