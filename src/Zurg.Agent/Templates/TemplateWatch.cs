using System.Collections.Immutable;
using System.Threading.Channels;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>Keeps the generated files of one running instance in step with what they name.</summary>
internal sealed class TemplateWatch(InstanceTemplates templates, ILocalNaming naming)
{
    private readonly Channel<bool> _due =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Something that templates can name may have changed.</summary>
    public void Touch() => _due.Writer.TryWrite(true);

    /// <param name="read">
    /// The data as it is now; null while a service is not heard of: its endpoints are not known to be none.
    /// </param>
    /// <param name="changed">The text of a template's file changed.</param>
    /// <param name="held">They cannot be rendered now; null: they can again.</param>
    public async Task RunAsync(
        ImmutableArray<ServiceName> services,
        Func<TemplateData?> read,
        Func<TemplateSpec, ValueTask> changed,
        Func<Hold?, ValueTask> held,
        CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watches = services.Select(s => WatchAsync(s, ending.Token)).ToList();
        var isHeld = false;
        try
        {
            Touch();
            while (await _due.Reader.ReadAsync(stop))
            {
                if (read() is not { } data)
                {
                    continue;
                }

                switch (templates.Write(data))
                {
                    case TemplatesOutcome.Held problem:
                        isHeld = true;
                        await held(problem.Hold);
                        break;
                    case TemplatesOutcome.Written written:
                        if (isHeld)
                        {
                            isHeld = false;
                            await held(null);
                        }

                        foreach (var template in written.Changed)
                        {
                            await changed(template);
                        }

                        break;
                    default:
                        throw new System.Diagnostics.UnreachableException();
                }
            }
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(watches).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchAsync(ServiceName service, CancellationToken stop)
    {
        await foreach (var _ in naming.WatchAsync(service, stop))
        {
            Touch();
        }
    }
}
